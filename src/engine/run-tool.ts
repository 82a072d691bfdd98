/** Runs a helper program to its end, quietly. */

import { execFile } from 'node:child_process';

/** A tool that is missing, failed or took too long; the message is its own last line. */
export class ToolError extends Error {
  override readonly name = 'ToolError';
  /** True if there is no such program. */
  readonly missing: boolean;

  constructor(message: string, missing: boolean, cause: unknown) {
    super(message, { cause });
    this.missing = missing;
  }
}

/** What it wrote to stdout. @throws ToolError */
export function runTool(
  command: readonly string[],
  options: {
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly timeoutMs: number;
    readonly cwd?: string;
  },
): Promise<string> {
  const [program = '', ...args] = command;
  const { env, timeoutMs, cwd } = options;
  return new Promise((resolve, reject) => {
    execFile(
      program,
      args,
      { env: { ...env }, cwd, timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: 64 * 2 ** 20 },
      (error, stdout, stderr) => {
        if (error === null) return resolve(stdout);
        const missing = error.code === 'ENOENT';
        const said = lastLine(stderr) ?? lastLine(stdout);
        const why = error.killed === true ? `no end after ${timeoutMs / 1000} s` : said;
        reject(
          new ToolError(
            `${program}: ${missing ? 'not installed' : (why ?? error.message)}`,
            missing,
            error,
          ),
        );
      },
    );
  });
}

function lastLine(text: string): string | undefined {
  const line = text
    .split('\n')
    .map((l) => l.trim())
    .findLast((l) => l !== '' && !l.startsWith('[notice]'));
  return line?.slice(0, 300);
}
