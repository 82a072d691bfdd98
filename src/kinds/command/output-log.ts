/** What a command prints, as lines of the step's log, and the end of its stderr for an error message. */

import { lastBytes } from '../../model/bounded-text.ts';
import { makeLines } from './lines.ts';

import type { StepContext } from '../contract.ts';
import type { TextSink } from './lines.ts';

const MOST_CHARACTERS = 10_000_000;
const MOST_LINES = 50_000;
const TAIL_LINES = 20;
/** With a sentence in front of it, it fits whole into a failure. */
const TAIL_BYTES = 1_700;

export type OutputLog = {
  readonly out: TextSink;
  readonly err: TextSink;
  /** The last 20 lines of stderr, at most 1,700 bytes; empty if there are none. */
  tail(): string;
};

/** Secrets are blanked out before lines are cut; after a bound, one notice stands for the rest. */
export function makeOutputLog(
  ctx: Pick<StepContext, 'log' | 'redact' | 'redactStream'>,
): OutputLog {
  const tail: string[] = [];
  let characters = 0;
  let lines = 0;

  const log = (line: string): void => {
    if (lines > MOST_LINES || characters > MOST_CHARACTERS) return;
    lines += 1;
    characters += line.length;
    const isFull = lines > MOST_LINES || characters > MOST_CHARACTERS;
    ctx.log(isFull ? 'the command printed more; the rest is left out of this log' : line);
  };
  const sink = (onLine: (line: string) => void): TextSink => {
    const hidden = ctx.redactStream?.();
    const cut = makeLines((line) => onLine(ctx.redact(line)));
    return {
      push: (text) => cut.push(hidden?.push(text) ?? text),
      end: () => {
        cut.push(hidden?.end() ?? '');
        cut.end();
      },
    };
  };
  return {
    out: sink((line) => log(`out: ${line}`)),
    err: sink((line) => {
      log(`err: ${line}`);
      tail.push(line);
      if (tail.length > TAIL_LINES) tail.shift();
    }),
    tail: () => {
      const text = tail.join('\n');
      const end = lastBytes(text, TAIL_BYTES);
      return end === text ? text : `...${end}`;
    },
  };
}
