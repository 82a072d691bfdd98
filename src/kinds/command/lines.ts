/** Cuts a program's output into lines that a log can hold: bounded in length, nothing in them but text. */

import { stripVTControlCharacters } from 'node:util';

const LONGEST = 8_000;

/** Text in pieces; `end` says that no more comes. */
export type TextSink = { push(text: string): void; end(): void };

/**
 * Calls `onLine` for every line, very long ones in pieces. Colours and cursor movements are dropped, of
 * a line that a progress bar rewrote only its last state is kept, other control characters show as U+FFFD.
 */
export function makeLines(onLine: (line: string) => void): TextSink {
  let waiting = '';
  const release = (line: string): void => onLine(textOnly(line));
  return {
    push: (text) => {
      const lines = (waiting + text).split('\n');
      waiting = lines.pop() ?? '';
      for (const line of lines) cut(line).forEach(release);
      const pieces = cut(waiting);
      waiting = pieces.pop() ?? '';
      pieces.forEach(release);
    },
    end: () => {
      if (waiting !== '') cut(waiting).forEach(release);
      waiting = '';
    },
  };
}

function cut(line: string): string[] {
  if (line.length <= LONGEST) return [line];
  const pieces: string[] = [];
  for (let at = 0; at < line.length; at += LONGEST) pieces.push(line.slice(at, at + LONGEST));
  return pieces;
}

function textOnly(line: string): string {
  const last = line.split('\r').findLast((state) => state !== '') ?? '';
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  return stripVTControlCharacters(last).replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '\ufffd');
}
