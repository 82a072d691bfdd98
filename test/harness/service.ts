/** A Temporal service as somebody would start it by hand, on a database that outlives it. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { findBinary } from '../../src/engine/binary.ts';
import { isUsable } from '../../src/engine/namespace.ts';
import { freePort, until } from './cli.ts';

import type { ChildProcess } from 'node:child_process';
import type { Project } from './cli.ts';

export type Service = {
  readonly address: string;
  kill(): Promise<void>;
  /** It keeps its connections, and answers nothing any more. */
  pause(): void;
  /** It goes on after a pause. */
  wake(): void;
  start(): Promise<void>;
};

/** Starts one, hands it to `work`, and kills it afterwards. */
export async function withService(
  project: Project,
  work: (service: Service) => Promise<void>,
  /** More words for the server. */
  more: readonly string[] = [],
): Promise<void> {
  const cacheDir =
    process.env['XDG_CACHE_HOME'] ?? join(process.env['HOME'] ?? homedir(), '.cache');
  const env = process.env;
  const { path } = await findBinary({ cacheDir, env, onProgress: () => undefined });
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const place = ['--ip', '127.0.0.1', '--port', String(port)];
  const database = ['--db-filename', project.path('service.db')];
  const words = ['server', 'start-dev', ...place, ...database, '--headless', '--log-level'];
  let server: ChildProcess | undefined;
  const kill = async (): Promise<void> => {
    if (server === undefined) return;
    const gone = once(server, 'close');
    server.kill('SIGKILL');
    server = undefined;
    await gone;
  };
  const start = async (): Promise<void> => {
    server = spawn(path, [...words, 'error', ...more], { stdio: 'ignore' });
    await until(() => isUsable(address, 1_000), 'the service answers');
  };
  try {
    await start();
    await work({
      address,
      kill,
      start,
      pause: () => void server?.kill('SIGSTOP'),
      wake: () => void server?.kill('SIGCONT'),
    });
  } finally {
    await kill();
  }
}
