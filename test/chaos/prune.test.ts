import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { expect, jest, test } from '@jest/globals';

import { filesBelow } from '../../src/os/hashing.ts';
import { openProject } from '../../src/run/project.ts';
import { openLocalStore } from '../../src/store/local.ts';
import { withFolder } from '../store/fixtures.ts';

jest.setTimeout(120_000);

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

type Child = {
  readonly lines: AsyncIterator<string>;
  /** What it said when it ended by itself. */
  readonly broken: () => string | undefined;
  kill(): Promise<void>;
};

function start(what: 'prune' | 'run', folder: string, name = ''): Child {
  const child = spawn(
    process.execPath,
    ['--import', path('../engine/processes/typescript.mjs'), path('./processes/prune.ts')].concat(
      what,
      folder,
      name,
    ),
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const ended = once(child, 'exit');
  return {
    lines: createInterface({ input: child.stdout })[Symbol.asyncIterator](),
    broken: () => (child.exitCode === null ? undefined : errors),
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function take(child: Child, count: number): Promise<readonly string[]> {
  const lines: string[] = [];
  while (lines.length < count) {
    const { value, done } = await child.lines.next();
    if (done === true) break;
    lines.push(value);
  }
  return lines;
}

/** What is left is whole: each result has its bytes, nothing is left that nothing names, and pruning it is quick. */
async function isInOrder(stateDir: string): Promise<void> {
  const { rows } = await openProject({ stateDir, kinds: [] }).prune({ keepRuns: 0 });
  expect(rows.find(({ note }) => note !== undefined)).toBeUndefined();
  const store = await openLocalStore(join(stateDir, 'store'));
  const { results, runs } = await store.prune((pruning) => pruning.survey());
  for (const { fingerprint } of results) expect(await store.findResult(fingerprint)).toBeDefined();
  const named = results.flatMap(({ files }) => files.map((file) => file.name));
  const files = await filesBelow(join(stateDir, 'store', 'artifacts'));
  expect(files.map((file) => file.slice(3)).toSorted()).toEqual([...new Set(named)].toSorted());
  const ids = runs.map(({ record }) => record.run_id);
  const folders = await readdir(join(stateDir, 'runs'));
  expect(folders).toEqual(expect.arrayContaining(ids));
  // A killed run may have had its folder, and not yet its record.
  expect(folders.length - ids.length).toBeLessThanOrEqual(2);
  expect(await readdir(join(stateDir, 'store'))).not.toContain('aside');
  store.close();
}

test('runs that find, make and read results never notice that these are pruned all the time, nor that pruning is killed', () =>
  withFolder(async (folder) => {
    const runners = ['a', 'b'].map((name) => start('run', folder, name));
    const ran = runners.map((runner) => take(runner, 60));
    let isOver = false;
    const over = Promise.all(ran).finally(() => (isOver = true));
    let kills = 0;
    while (!isOver) {
      const pruner = start('prune', folder);
      await take(pruner, 1);
      // At whatever it is by then.
      await pause(Math.random() * 800);
      await pruner.kill();
      kills += 1;
    }
    expect((await over).map((runs) => runs.length)).toEqual([60, 60]);
    expect(runners.map((runner) => runner.broken())).toEqual([undefined, undefined]);
    expect(kills).toBeGreaterThan(1);
    await Promise.all(runners.map((runner) => runner.kill()));
    await isInOrder(folder);
  }));
