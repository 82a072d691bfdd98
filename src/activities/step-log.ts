/** The log of one step in one run: a text file that people read while the step runs. Secrets never reach it. */

import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

export type StepLog = {
  line(text: string): void;
  /** Writes what is still held back. */
  flush(): void;
};

/** A reader waits no longer than this for a line; a short step writes once. */
const FLUSH_MS = 100;

/** Appends timed lines to `file`, redacted. A log that cannot be written never fails a step. */
export function makeStepLog(file: string, redact: (text: string) => string): StepLog {
  let held = '';
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (held === '') return;
    const text = held;
    held = '';
    try {
      append(file, text);
    } catch {
      // A disk that is full or read-only is told by the step itself.
    }
  };
  return {
    flush,
    line: (text) => {
      held += `${new Date().toISOString()} ${redact(text)}\n`;
      timer ??= setTimeout(flush, FLUSH_MS);
    },
  };
}

function append(file: string, text: string): void {
  try {
    appendFileSync(file, text);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    mkdirSync(dirname(file), { recursive: true });
    appendFileSync(file, text);
  }
}
