/** The log of one step in one run: a text file that people read. Secrets never reach it. */

import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/** Appends timed lines to `file`, redacted. A log that cannot be written never fails a step. */
export function makeStepLog(
  file: string,
  redact: (text: string) => string,
): (line: string) => void {
  let usable: boolean | undefined;
  return (line) => {
    if (usable === false) return;
    try {
      if (usable === undefined) mkdirSync(dirname(file), { recursive: true });
      usable = true;
      appendFileSync(file, `${new Date().toISOString()} ${redact(line)}\n`);
    } catch {
      usable = false;
    }
  };
}
