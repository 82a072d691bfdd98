/** A server of somebody else's, for as long as some work takes. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { until } from '../../harness/cli.ts';

export type Server = {
  /** For people. */
  readonly title: string;
  readonly command: readonly string[];
  readonly cwd: string;
  /** True once it works; what it throws is a "not yet". */
  readonly isReady: () => Promise<boolean>;
};

const START_LIMIT_MS = 60_000;

/** Starts it, waits until it is ready, and ends it after the work. @throws Error with its log if it does not start */
export async function withServer<T>(
  { title, command, cwd, isReady }: Server,
  work: () => Promise<T>,
): Promise<T> {
  const [program = '', ...args] = command;
  const server = spawn(program, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  server.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const over = once(server, 'close');
  try {
    await until(
      async () => {
        if (server.exitCode !== null) throw new Error(`${title} did not start`);
        return isReady().catch(() => false);
      },
      `${title} is ready`,
      START_LIMIT_MS,
    ).catch((error: Error) => {
      throw new Error(`${error.message}:\n${log}`);
    });
    return await work();
  } finally {
    server.kill('SIGKILL');
    await over;
  }
}

/** For `isReady` of a server that says so at a page. */
export const answersAt = (url: string) => async (): Promise<boolean> => (await fetch(url)).ok;
