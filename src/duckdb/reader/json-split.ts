/** Cuts a JSON text into the texts of its records: the elements of an array, or objects one after the other on lines of their own. Pure. */

import { badLine } from './bad-line.ts';

export type JsonText = { readonly line: number; readonly text: string };

export type JsonSplitter = {
  push(text: string): readonly JsonText[];
  end(): readonly JsonText[];
};

type Mode = 'start' | 'first' | 'next' | 'comma' | 'between' | 'done';

/** Of JSON Lines: each line that is not empty is a record. */
export function makeLineSplitter(file: string, maxBytes: number): JsonSplitter {
  let held = '';
  let line = 0;
  const take = (lines: readonly string[]): readonly JsonText[] =>
    lines.flatMap((text) => {
      line += 1;
      return text.trim() === '' ? [] : [{ line, text }];
    });
  return {
    push: (text) => {
      const lines = (held + text).split('\n');
      held = lines.pop() ?? '';
      if (held.length > maxBytes) throw tooLong(file, line + 1, maxBytes);
      return take(lines);
    },
    end: () => take([held]),
  };
}

/** Of one JSON text. @throws StepError BAD_INPUT_DATA for what no record can be cut from */
export function makeJsonSplitter(file: string, maxBytes: number): JsonSplitter {
  let held = '';
  let line = 1;
  let mode: Mode = 'start';
  /** Of the value that is being looked at: how far, how deep, within a string. */
  let scan = { at: 0, depth: 0, inString: false };

  /** The end of the value at `start`; undefined: it has not come yet. */
  const valueEnd = (start: number, isEnd: boolean): number | undefined => {
    let { at, depth, inString } = scan;
    at = Math.max(at, start);
    for (; at < held.length; at += 1) {
      const code = held.charCodeAt(at);
      if (inString) {
        if (code === 92) at += 1;
        else if (code === 34) {
          inString = false;
          if (depth === 0) return at + 1;
        }
      } else if (code === 34) inString = true;
      else if (code === 123 || code === 91) depth += 1;
      else if (code === 125 || code === 93) {
        if (depth === 0) return at;
        depth -= 1;
        if (depth === 0) return at + 1;
      } else if (depth === 0 && at > start && (code === 44 || code <= 32)) return at;
    }
    scan = { at, depth, inString };
    return isEnd ? held.length : undefined;
  };

  const take = (isEnd: boolean): readonly JsonText[] => {
    const records: JsonText[] = [];
    let at = 0;
    let hasNewline = false;
    for (;;) {
      while (at < held.length && ' \t\r\n'.includes(held[at]!)) {
        if (held[at] === '\n') {
          line += 1;
          hasNewline = true;
        }
        at += 1;
      }
      // Whether a line end stands before the next value must not be forgotten with the piece.
      if (at >= held.length) {
        if (hasNewline) at -= 1;
        if (hasNewline) line -= 1;
        break;
      }
      const mark = held[at]!;
      if (mode === 'start' && mark === '[') mode = 'first';
      else if (mode === 'first' && mark === ']') mode = 'done';
      else if (mode === 'comma' && (mark === ',' || mark === ']'))
        mode = mark === ',' ? 'next' : 'done';
      else if (
        mode === 'start' ||
        mode === 'first' ||
        mode === 'next' ||
        (mode === 'between' && mark === '{' && hasNewline)
      ) {
        const end = valueEnd(at, isEnd);
        if (end === undefined) break;
        const text = held.slice(at, end);
        if (text === '') throw badLine(file, line, 'no JSON: a value is missing', { text: mark });
        records.push({ line, text });
        line += text.split('\n').length - 1;
        mode = mode === 'first' || mode === 'next' ? 'comma' : mark === '{' ? 'between' : 'done';
        at = end - 1;
        scan = { at: 0, depth: 0, inString: false };
      } else {
        throw badLine(file, line, 'no JSON: there is more where its end or a comma should be', {
          text: held.slice(at, at + 200),
          help: 'if it holds one value a line give `format: jsonl`',
        });
      }
      at += 1;
      hasNewline = false;
    }
    held = held.slice(at);
    scan = { ...scan, at: Math.max(0, scan.at - at) };
    if (held.length > maxBytes) throw tooLong(file, line, maxBytes);
    return records;
  };

  return {
    push: (text) => {
      held += text;
      return take(false);
    },
    end: () => {
      const records = take(true);
      if (mode !== 'done' && mode !== 'between' && mode !== 'start') {
        throw badLine(file, line, 'no JSON: the array is never closed');
      }
      return records;
    },
  };
}

function tooLong(file: string, line: number, maxBytes: number): Error {
  return badLine(file, line, `the record that begins here is longer than ${maxBytes} bytes`, {
    help: 'raise `max_line_bytes`',
  });
}
