/** Turns an error into words and an exit code. A user's mistake gets a sentence; a bug keeps its stack. */

import { UserError } from '../model/errors.ts';

import type { Io } from './io.ts';

/** Says what went wrong and answers the exit code. */
export function report(
  error: unknown,
  { json, verbose }: { readonly json: boolean; readonly verbose: boolean },
  io: Io,
): number {
  if (error instanceof UserError) {
    const { code, message, hint, problems } = error;
    if (json) {
      io.out(JSON.stringify({ error: { code, message, hint, problems } }, null, 2));
    } else {
      for (const p of problems) {
        const place = p.line === 0 ? p.file : `${p.file}:${p.line}:${p.column}`;
        io.say(`${place}: ${p.code}: ${p.message}${p.hint === undefined ? '' : `. ${p.hint}`}`);
      }
      if (problems.length === 0) io.say(`${code}: ${message}`);
      if (problems.length === 0 && hint !== undefined) io.say(hint);
    }
    if (verbose && error.cause !== undefined)
      io.say(String((error.cause as Error).stack ?? error.cause));
    return error.exitCode;
  }
  const text = error instanceof Error ? error.message : String(error);
  if (json) io.out(JSON.stringify({ error: { code: 'INTERNAL', message: text } }, null, 2));
  io.say(`unexpected error: ${verbose && error instanceof Error ? error.stack : text}`);
  if (!verbose) io.say('Run again with --verbose to see where it came from.');
  return 1;
}
