/** Runs the command that prints payload keys. What it prints is shown nowhere. */

import { spawn } from 'node:child_process';

import { UserError } from '../model/errors.ts';

const LIMIT_MS = 30_000;
const MOST_BYTES = 1_000_000;

/** What a shell command writes to stdout; its stderr is the terminal's. @throws UserError PAYLOAD_KEY_UNUSABLE */
export function outputOf(
  command: string,
  env: Readonly<Record<string, string | undefined>>,
  limitMs: number = LIMIT_MS,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (why: string, cause?: unknown): void =>
      reject(
        new UserError('PAYLOAD_KEY_UNUSABLE', `the command for payload keys ${why}`, {
          hint: 'Try it in a shell: it prints the keys on stdout, and ends with exit code 0.',
          cause,
        }),
      );
    const child = spawn('/bin/sh', ['-c', command], {
      env: withoutSecrets(env),
      // Of its own, so that what it started ends with it.
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const parts: Buffer[] = [];
    let bytes = 0;
    const end = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    };
    const timer = setTimeout(() => {
      end();
      fail(`has not ended after ${limitMs / 1000} s`);
    }, limitMs);
    child.stdout.on('data', (part: Buffer) => {
      bytes += part.length;
      if (bytes <= MOST_BYTES) parts.push(part);
      else end();
    });
    child.once('error', (error) => {
      clearTimeout(timer);
      fail('could not be started', error);
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve(Buffer.concat(parts).toString('utf8'));
      else fail(code === null ? `was ended by ${signal}` : `ended with exit code ${code}`);
    });
  });
}

/** Any process of this user can read it while the command runs. */
function withoutSecrets(
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !name.startsWith('BUILDER_SECRET_')),
  );
}
