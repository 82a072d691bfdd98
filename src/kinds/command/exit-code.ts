/** What the end of a command means: fine, a warning, a failure for good, or one to try again. */

import { constants } from 'node:os';
import { StepError } from '../../model/step-error.ts';

/** What a profile may say about an exit code. */
export const MEANINGS = ['ok', 'warn', 'fail', 'retry'] as const;
export type Meaning = (typeof MEANINGS)[number];
/** Stands for every code that has no word of its own. */
const OTHER = 'other';

/**
 * A warning or nothing. Without a word in `meanings`, 0 is ok, 126 and 127 fail (the program or its
 * interpreter is not there: trying again does not help), every other code is retried; `other` is a word for all but 0.
 * @throws StepError COMMAND_FAILED for `fail`; an ordinary Error for `retry` and for a signal
 */
export function judgeExit(
  { code, signal }: { readonly code: number | null; readonly signal: NodeJS.Signals | null },
  {
    name,
    meanings,
    stderr,
  }: {
    readonly name: string;
    readonly meanings: Readonly<Record<string, Meaning>>;
    /** The end of what it printed there, secrets blanked out. */
    readonly stderr: string;
  },
): string | undefined {
  const said = stderr === '' ? '' : `\nthe end of its stderr:\n${stderr}`;
  if (code === null) throw new Error(`${name} was killed by ${signalText(signal ?? '')}${said}`);
  const ended = `${name} ended with exit code ${code}${codeText(code)}`;
  const meaning = meanings[String(code)] ?? meaningOfOther(code, meanings[OTHER]);
  if (meaning === 'ok') return undefined;
  if (meaning === 'warn') return ended;
  if (meaning === 'fail') throw new StepError('COMMAND_FAILED', `${ended}${said}`);
  throw new Error(`${ended}${said}`);
}

function meaningOfOther(code: number, other: Meaning | undefined): Meaning {
  if (code === 0) return 'ok';
  return other ?? (code === 126 || code === 127 ? 'fail' : 'retry');
}

/** A shell's own codes: what it could not start, and what a signal ended inside it. */
function codeText(code: number): string {
  if (code === 127) return ' (usually: a program or its interpreter was not found)';
  if (code === 126) return ' (usually: a program may not be executed)';
  const name = Object.entries(constants.signals).find(([, number]) => number === code - 128)?.[0];
  return code > 128 && name !== undefined ? ` (usually: killed by ${signalText(name)})` : '';
}

function signalText(signal: string): string {
  return signal === 'SIGKILL' ? 'SIGKILL, as when memory runs out' : signal;
}
