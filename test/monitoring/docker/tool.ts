/** Runs a program to its end and keeps what it said: a failure of docker is only understood from all of it. */

import { execFile } from 'node:child_process';

export type ToolOptions = {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly timeoutMs?: number;
};

const LAST_LINES = 30;

/** What it wrote to stdout and stderr. @throws Error with the last lines of both */
export function run(
  command: readonly string[],
  { env, cwd, timeoutMs = 120_000 }: ToolOptions = {},
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const [program = '', ...args] = command;
  return new Promise((resolve, reject) => {
    execFile(
      program,
      args,
      {
        env: { ...process.env, ...env },
        cwd,
        timeout: timeoutMs,
        killSignal: 'SIGKILL',
        maxBuffer: 64 * 2 ** 20,
      },
      (error, stdout, stderr) => {
        if (error === null) return resolve({ stdout, stderr });
        const why = error.killed === true ? `no end after ${timeoutMs / 1000} s` : error.message;
        const said = `${stdout}\n${stderr}`.trim().split('\n').slice(-LAST_LINES).join('\n');
        reject(new Error(`${command.join(' ')}: ${why.split('\n')[0]}\n${said}`));
      },
    );
  });
}

/** True if the command ends well. */
export async function succeeds(
  command: readonly string[],
  options?: ToolOptions,
): Promise<boolean> {
  return run(command, options).then(
    () => true,
    () => false,
  );
}
