import { spawn } from 'node:child_process';
import { cp, mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { ROOT, until, withProject } from '../harness/cli.ts';

import type { ChildProcess } from 'node:child_process';

/** Each of these means something to a shell, a URL, a glob or a bundler. */
const ODD = "My #1 ü? 100%20 it's {a,b}[c]*!";
/** What it would mean, read as a pattern. */
const ALIKE = "My #1 üx 100%20 it's {a,b}cc!";

const CLONE = [
  'builder_cli',
  'bin',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'src',
  'scripts',
];

const FILES = {
  'project/package.json': '{}',
  'project/jobs/j.yaml': 'job: j\nprofile: p\ninputs: { rows: { path: ../data/*.csv } }\n',
  'project/profiles/p.yaml': `profile: p
steps:
  rows: { uses: collect.files, with: { from: '\${{ inputs.rows }}' } }
  sorted: { uses: transform.sql, with: { sql: 'select * from rows order by id' }, needs: [rows] }
  out: { uses: export.dataset, with: { from: sorted, name: rows, formats: [csv] } }
`,
};

test('a clone and a project work in a folder of any name, and touch nothing beside it', async () => {
  await withProject({}, async ({ path, write }) => {
    for (const folder of [ODD, ALIKE]) {
      const files = Object.entries(FILES).map(([name, text]) => [join(folder, name), text]);
      await write(Object.fromEntries(files));
    }
    await write({
      [join(ODD, 'project/data/rows.csv')]: 'id\n1\n',
      [join(ALIKE, 'project/data/rows.csv')]: 'id\n99\n',
    });
    const clone = path(join(ODD, 'clone'));
    await mkdir(clone);
    for (const name of CLONE) {
      await cp(join(ROOT, name), join(clone, name), { recursive: true });
    }
    await symlink(join(ROOT, 'node_modules'), join(clone, 'node_modules'));
    const siblings = await readdir(path('.'));

    const started: ChildProcess[] = [];
    const start = (...words: readonly string[]) => {
      const child = spawn(join(clone, 'builder_cli'), words, {
        cwd: path(join(ODD, 'project')),
        env: { ...process.env, NODE_OPTIONS: '', CI: '1' },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      started.push(child);
      let said = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
      const code = new Promise((resolve) => child.once('close', resolve));
      return { child, said: () => said, ended: async () => ({ code: await code, said }) };
    };
    try {
      const run = await start('run-profile', '--job', 'jobs/j.yaml', '--out', 'out').ended();
      expect(run).toEqual({ code: 0, said: expect.stringContaining('3 OK') });
      const delivered = await readFile(path(join(ODD, 'project/out/rows.csv')), 'utf8');
      expect(delivered).toBe('id\n1\n');

      const dev = start('dev');
      await until(() => /^serving /m.test(dev.said()) || dev.child.exitCode !== null, 'dev is up');
      dev.child.kill('SIGTERM');
      expect(await dev.ended()).toMatchObject({ code: 0 });

      expect(await readdir(path('.'))).toEqual(siblings);
      expect(await readdir(path(ODD))).toEqual(['clone', 'project']);
      expect(await readdir(path(join(ALIKE, 'project')))).not.toContain('.builder');
    } finally {
      for (const child of started) child.kill('SIGKILL');
      const { stopEngine } = await import('../../src/engine/engine.ts');
      await stopEngine(path(join(ODD, 'project/.builder'))).catch(() => undefined);
    }
  });
}, 120_000);
