import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { findBinary } from '../../src/engine/binary.ts';
import { isUsable } from '../../src/engine/namespace.ts';
import { freePort, ROOT, scrape, until, withProject } from '../harness/cli.ts';
import { contentOf } from '../harness/folders.ts';

const standard = ['--job', join(ROOT, 'jobs/standard.yaml'), '--profile', 'standard'];

test('two workers on a shared store and a caller elsewhere give the same bytes, each outcome counted once', async () => {
  await withProject({}, async (project) => {
    const alone = await project.run([
      'run-profile',
      ...standard,
      '--out',
      'alone',
      '--state-dir',
      'st-alone',
    ]);
    expect(alone.code).toBe(0);

    const cacheDir =
      process.env['XDG_CACHE_HOME'] ?? join(process.env['HOME'] ?? homedir(), '.cache');
    const { path: binary } = await findBinary({
      cacheDir,
      env: process.env,
      onProgress: () => undefined,
    });
    const port = await freePort();
    const address = `127.0.0.1:${port}`;
    const server = spawn(
      binary,
      [
        'server',
        'start-dev',
        '--ip',
        '127.0.0.1',
        '--port',
        String(port),
        '--headless',
        '--log-level',
        'error',
      ],
      { stdio: 'ignore' },
    );
    try {
      await until(() => isUsable(address, 1_000), 'the service answers');
      const service = ['--temporal-address', address, '--store', project.path('shared')];
      const ports = [await freePort(), await freePort()];
      const workers = ports.map((metrics, n) =>
        project.start([
          ...['worker', ...service, '--state-dir', `st-worker-${n}`, '--slots', '2'],
          ...['--prometheus-port', String(metrics), '--prometheus-address', '127.0.0.1'],
        ]),
      );
      for (const worker of workers) await worker.says(/serving/);
      const called = await project.run([
        'run-profile',
        ...standard,
        '--out',
        'fleet',
        '--state-dir',
        'st-caller',
        ...service,
      ]);
      expect([called.code, called.stderr]).toEqual([0, expect.stringContaining('19 OK')]);
      await access(project.path('fleet/manifest.json'));
      expect(await contentOf(project.path('fleet'))).toEqual(
        await contentOf(project.path('alone')),
      );

      const scrapes = await Promise.all(ports.map((metrics) => scrape(metrics)));
      const sums = new Map<string, number>();
      for (const series of scrapes) {
        for (const [name, value] of series) {
          const match = /^pipeline_step_status_total\{.*step="(\w+)",status="OK"\}$/.exec(name);
          if (match !== null) sums.set(match[1] ?? '', (sums.get(match[1] ?? '') ?? 0) + value);
        }
      }
      expect(sums.size).toBe(19);
      expect(new Set(sums.values())).toEqual(new Set([1]));
      for (const worker of workers) worker.kill('SIGTERM');
      for (const worker of workers) expect((await worker.ended).code).toBe(0);
    } finally {
      server.kill('SIGKILL');
      await once(server, 'close');
    }
  });
}, 120_000);
