import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { readdir } from 'node:fs/promises';

import { expect, jest, test } from '@jest/globals';

import { findBinary } from '../../src/engine/binary.ts';
import { isUsable } from '../../src/engine/namespace.ts';
import { freePort, until, withProject } from '../harness/cli.ts';
import { contentOf } from '../harness/folders.ts';

import type { Project } from '../harness/cli.ts';

jest.setTimeout(120_000);

const FILES = {
  'data.csv': 'id,name\n1,a\n2,b\n',
  'jobs/j.yaml': `job: j
params: { go: { type: string } }
inputs:
  data: { path: ../data.csv }
`,
  'profiles/p.yaml': `
profile: p
steps:
  collect: { uses: collect.files, with: { from: '\${{ inputs.data }}' } }
  wait:
    uses: exec.command
    needs: [collect]
    with: { shell: 'until [ -e "$GO" ]; do sleep 0.05; done', env: { GO: '\${{ params.go }}' } }
  export: { uses: export.dataset, needs: [wait], with: { from: collect, formats: [csv] } }
`,
};

/** A project and the words that name a service for it. */
async function withService(
  work: (project: Project, service: readonly string[]) => Promise<void>,
): Promise<void> {
  await withProject(FILES, async (project) => {
    const cacheDir =
      process.env['XDG_CACHE_HOME'] ?? join(process.env['HOME'] ?? homedir(), '.cache');
    const { path } = await findBinary({ cacheDir, env: process.env, onProgress: () => undefined });
    const port = await freePort();
    const address = `127.0.0.1:${port}`;
    const words = `server start-dev --ip 127.0.0.1 --port ${port} --headless --log-level error`;
    const server = spawn(path, words.split(' '), { stdio: 'ignore' });
    const ended = once(server, 'exit');
    try {
      await until(() => isUsable(address, 1_000), 'the service answers');
      await work(project, ['--temporal-address', address, '--store', project.path('shared')]);
    } finally {
      server.kill('SIGKILL');
      await ended;
    }
  });
}

test('a worker that reaches --out delivers, also when the command that asked is gone', () =>
  withService(async (project, service) => {
    const worker = project.start(['worker', ...service, '--state-dir', 'st-worker', '--deliver']);
    await worker.says(/and deliveries/);
    const run = [
      ...['run-profile', '--job', 'jobs/j.yaml', '--profile', 'p', '--out', 'out'],
      ...['-p', `go=${project.path('go')}`, '--state-dir', 'st', '--deliver-by', 'workers'],
    ];
    const caller = project.start([...run, ...service]);
    await caller.says(/collect +OK/);
    caller.kill('SIGKILL');
    await caller.ended;
    await project.write({ go: '' });
    const content = await until(async () => {
      const found = await contentOf(project.path('out')).catch(() => ({}));
      return 'manifest.json' in found && found;
    }, 'the worker has delivered');
    expect(Object.keys(content)).toContain('collect.csv');

    const resumed = await project.run([
      ...['resume', '--out', 'out', '--deliver-by', 'workers', '--state-dir', 'st'],
      ...service,
    ]);
    expect([resumed.code, resumed.stderr]).toEqual([0, expect.stringMatching(/OK/)]);
    expect(await contentOf(project.path('out'))).toEqual(content);
    expect(await readdir(project.folder)).not.toContain('.out.builder');
  }));

test('an unknown deliverer is refused, with the ones there are', () =>
  withProject(FILES, async (project) => {
    const { code, stderr } = await project.run([
      ...['run-profile', '--job', 'jobs/j.yaml', '--profile', 'p', '--out', 'out'],
      ...['--deliver-by', 'anyone'],
    ]);
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining("--deliver-by is 'anyone'; it is caller or workers"),
    ]);
  }));
