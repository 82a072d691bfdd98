/** A Temporal service of its own, with workers that serve metrics and callers that only start runs. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { findBinary } from '../../../src/engine/binary.ts';
import { isUsable } from '../../../src/engine/namespace.ts';
import { freePort, until } from '../../harness/cli.ts';
import { exporterWords, releaseEnv } from './stage.ts';

import type { Running } from '../../harness/cli.ts';
import type { Stage } from './stage.ts';

export type Fleet = {
  readonly address: string;
  /** Starts a worker and waits until it serves. It has its own state, and shares the store. */
  worker(options: WorkerOptions): Promise<Running>;
  /** Starts a run as somebody who serves no metrics and executes no step. */
  call(out: string, words?: readonly string[], env?: Readonly<Record<string, string>>): Running;
  /** Ends the service as a power cut would. */
  kill(): void;
};

export type WorkerOptions = {
  /** 0: it serves none. */
  readonly port: number;
  readonly slots?: number;
  readonly env?: Readonly<Record<string, string>>;
};

/** Starts a service, hands it to `work`, and ends it; workers and callers end with their project. */
export async function withFleet(
  { project }: Pick<Stage, 'project'>,
  work: (fleet: Fleet) => Promise<void>,
): Promise<void> {
  const ours = process.env;
  const cacheDir = ours['XDG_CACHE_HOME'] ?? join(ours['HOME'] ?? homedir(), '.cache');
  const { path } = await findBinary({ cacheDir, env: ours, onProgress: () => undefined });
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const place = ['--ip', '127.0.0.1', '--port', String(port)];
  const server = spawn(
    path,
    ['server', 'start-dev', ...place, '--headless', '--log-level', 'error'],
    { stdio: 'ignore' },
  );
  const over = once(server, 'close');
  const service = ['--temporal-address', address, '--store', project.path('shared')];
  let workers = 0;
  try {
    await until(() => isUsable(address, 1_000), 'the service answers');
    await work({
      address,
      kill: () => void server.kill('SIGKILL'),
      async worker({ port: metrics, slots = 2, env = {} }) {
        workers += 1;
        const running = project.start(
          [
            ...['worker', ...service, '--state-dir', `st-worker-${workers}`],
            ...['--slots', String(slots), ...exporterWords(metrics)],
          ],
          { ...releaseEnv(project), ...env },
        );
        await running.says(/serving/);
        return running;
      },
      call: (out, words = [], env = {}) =>
        project.start(
          [
            ...['run-profile', '--job', 'jobs/j.yaml', '--out', out],
            ...['--state-dir', `st-${out}`, ...service, ...words],
          ],
          env,
        ),
    });
  } finally {
    server.kill('SIGKILL');
    await over;
  }
}
