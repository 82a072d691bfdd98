/** Turns an error into words and an exit code. A user's mistake gets a sentence; a bug keeps its stack. */

import { UserError } from '../model/errors.ts';
import { problemLine, problemWithSource } from '../definition/render-problems.ts';

import type { Problem } from '../model/errors.ts';
import type { Io } from './io.ts';

/** Says what went wrong and answers the exit code. */
export function report(
  error: unknown,
  { json, verbose }: { readonly json: boolean; readonly verbose: boolean },
  io: Io,
): number {
  if (error instanceof UserError) {
    const { code, message, hint, problems } = error;
    if (json) io.out(JSON.stringify({ error: { code, message, hint, problems } }, null, 2));
    if (problems.length > 0) {
      const texts = 'texts' in error ? (error.texts as ReadonlyMap<string, string>) : new Map();
      reportProblems(problems, texts, io);
    } else {
      io.say(`${code}: ${message}`);
      if (hint !== undefined) io.say(hint);
    }
    if (verbose && error.cause !== undefined) {
      io.say(String((error.cause as Error).stack ?? error.cause));
    }
    return error.exitCode;
  }
  const text = error instanceof Error ? error.message : String(error);
  if (json) io.out(JSON.stringify({ error: { code: 'INTERNAL', message: text } }, null, 2));
  io.say(`unexpected error: ${verbose && error instanceof Error ? error.stack : text}`);
  if (!verbose) io.say('Run again with --verbose to see where it came from.');
  return 1;
}

/** One line a problem; on a terminal with the line of the file and a caret. */
export function reportProblems(
  problems: readonly Problem[],
  texts: ReadonlyMap<string, string>,
  io: Io,
): void {
  for (const problem of problems) {
    io.say(io.live ? problemWithSource(problem, texts.get(problem.file)) : problemLine(problem));
  }
  io.say(problems.length === 1 ? '1 problem' : `${problems.length} problems`);
}
