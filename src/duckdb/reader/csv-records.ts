/**
 * Delimited text to records, exactly: RFC 4180 with the dialect's characters. Says the line of each record and what is
 * wrong with one that is none. Pure; it is the word on every file that the quick look does not find plain.
 */

import { badLine } from './bad-line.ts';
import { delimiterIn } from './csv-delimiter.ts';

import type { Dialect } from './reading.ts';

/** A record: the line it begins in, from 1, and its fields; null where an unquoted field means NULL. */
export type CsvRecord = {
  readonly line: number;
  readonly fields: readonly (string | null)[];
  /** As it stands in the file; empty for an empty line. */
  readonly raw: string;
};

export type CsvParser = {
  /** The delimiter, once the first line was seen. */
  readonly delimiter: string | undefined;
  /** Records that are complete with this piece of text. @throws StepError BAD_INPUT_DATA */
  push(text: string): readonly CsvRecord[];
  /** Records that were complete with the end of the text. @throws StepError BAD_INPUT_DATA */
  end(): readonly CsvRecord[];
};

export type ParserOptions = {
  readonly file: string;
  readonly dialect: Dialect;
  readonly maxLineBytes: number;
};

/** A parser of one file's text. */
export function makeCsvParser({ file, dialect, maxLineBytes }: ParserOptions): CsvParser {
  const { quote, escape, comment } = dialect;
  const nulls = new Set(dialect.nulls);
  let delimiter = dialect.delimiter;
  let held = '';
  let line = 1;
  let toSkip = dialect.skip;
  let isFirst = true;

  const take = (isEnd: boolean): readonly CsvRecord[] => {
    const records: CsvRecord[] = [];
    let at = 0;
    while (at < held.length) {
      if (toSkip > 0 || isCommentAt(at)) {
        const next = lineEnd(held, at, isEnd);
        if (next === undefined) break;
        if (toSkip > 0) toSkip -= 1;
        line += 1;
        at = next.after;
        continue;
      }
      if (isFirst) {
        const next = lineEnd(held, at, isEnd);
        if (next === undefined) break;
        isFirst = false;
        const first = held.slice(at, next.at);
        // What Excel writes to say which delimiter follows.
        const [, bare, quoted] = /^(?:sep=(.)|"sep=(.)")$/i.exec(first) ?? [];
        const said = bare ?? quoted;
        if (said !== undefined) {
          delimiter ??= said;
          line += 1;
          at = next.after;
          continue;
        }
        delimiter ??= delimiterIn(first, { file, line, quote, header: dialect.header });
      }
      const record = recordAt(at, isEnd);
      if (record === undefined) break;
      records.push({ line, fields: record.fields, raw: record.raw });
      line += record.lines;
      at = record.after;
    }
    held = held.slice(at);
    if (held.length > maxLineBytes) throw tooLong();
    return records;
  };

  const isCommentAt = (at: number): boolean =>
    comment !== undefined && held.startsWith(comment, at);

  /** One record from `at`; undefined: its end has not come yet. */
  const recordAt = (
    start: number,
    isEnd: boolean,
  ): { fields: (string | null)[]; raw: string; after: number; lines: number } | undefined => {
    const separator = delimiter ?? ',';
    const fields: (string | null)[] = [];
    let at = start;
    let lines = 0;
    for (;;) {
      if (quote !== undefined && held.startsWith(quote, at)) {
        const quoted = quotedAt(at, start, isEnd);
        if (quoted === undefined) return undefined;
        fields.push(quoted.text);
        lines += quoted.lines;
        at = quoted.after;
      } else {
        const end = fieldEnd(held, at, separator);
        if (end === held.length && !isEnd) return undefined;
        const text = held.slice(at, end);
        fields.push(nulls.has(text) ? null : text);
        at = end;
      }
      if (held.startsWith(separator, at)) {
        at += separator.length;
        continue;
      }
      const ended = newlineAt(held, at, isEnd);
      if (ended === undefined) return undefined;
      if (ended > 0 || at === held.length) {
        if (ended > 0) lines += 1;
        const raw = held.slice(start, at);
        if (raw.length > maxLineBytes / 4 && Buffer.byteLength(raw) > maxLineBytes) throw tooLong();
        return { fields, raw, after: at + ended, lines };
      }
      if (!isEnd && held.length - at < separator.length) return undefined;
      throw badLine(file, line + lines, 'text follows a closing quote', {
        text: rawLine(start),
        help: `inside quotes a quote is doubled; if quotes mean nothing in this file give \`quote: none\`, if they are escaped by another character give it as \`escape\``,
      });
    }
  };

  /** The text of a quoted field that begins at `open`. */
  const quotedAt = (
    open: number,
    start: number,
    isEnd: boolean,
  ): { text: string; after: number; lines: number } | undefined => {
    const mark = quote ?? '"';
    let text = '';
    let from = open + mark.length;
    for (let at = from; ;) {
      const close = held.indexOf(mark, at);
      const escaped = escape === undefined || escape === mark ? -1 : held.indexOf(escape, at);
      if (escaped >= 0 && (close < 0 || escaped < close)) {
        const next = escaped + escape!.length;
        if (next >= held.length && !isEnd) return undefined;
        const means = held.startsWith(mark, next) || held.startsWith(escape!, next);
        if (means) text += held.slice(from, escaped) + held.charAt(next);
        at = next + (means ? 1 : 0);
        if (means) from = at;
        continue;
      }
      if (close < 0) {
        if (!isEnd) return undefined;
        throw badLine(file, line, 'a quote is opened here and never closed', {
          text: rawLine(start),
          help: 'if quotes mean nothing in this file give `quote: none`',
        });
      }
      // Whether the next character doubles it is not known yet.
      if (close + mark.length >= held.length && !isEnd) return undefined;
      text += held.slice(from, close);
      if (!held.startsWith(mark, close + mark.length)) {
        return {
          text,
          after: close + mark.length,
          lines: countNewlines(held, open, close),
        };
      }
      text += mark;
      at = close + 2 * mark.length;
      from = at;
    }
  };

  const rawLine = (start: number): string => held.slice(start, lineEnd(held, start, true)?.at);

  const tooLong = (): Error =>
    badLine(file, line, `the record that begins here is longer than ${maxLineBytes} bytes`, {
      help: 'raise `max_line_bytes`, or look for a quote that is never closed (`quote: none` if quotes mean nothing)',
    });

  return {
    get delimiter() {
      return delimiter;
    },
    push: (text) => {
      held += text;
      return take(false);
    },
    end: () => take(true),
  };
}

/** The end of the unquoted field at `at`: a delimiter, a line end or the end of what is there. */
function fieldEnd(text: string, at: number, separator: string): number {
  const first = separator.charCodeAt(0);
  for (let i = at; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === 10 || code === 13) return i;
    if (code === first && (separator.length === 1 || text.startsWith(separator, i))) return i;
  }
  return text.length;
}

/** Length of the line end at `at`, 0 for none; undefined while more of it may come. */
function newlineAt(text: string, at: number, isEnd: boolean): number | undefined {
  const code = text.charCodeAt(at);
  if (code === 10) return 1;
  if (code !== 13) return 0;
  if (at + 1 >= text.length) return isEnd ? 1 : undefined;
  return text.charCodeAt(at + 1) === 10 ? 2 : 1;
}

function lineEnd(
  text: string,
  start: number,
  isEnd: boolean,
): { readonly at: number; readonly after: number } | undefined {
  for (let at = start; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code !== 10 && code !== 13) continue;
    const length = newlineAt(text, at, isEnd);
    return length === undefined ? undefined : { at, after: at + length };
  }
  return isEnd ? { at: text.length, after: text.length } : undefined;
}

/** Lines that end between two places; \r\n, \n and \r are one each. */
function countNewlines(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = from; at < to; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 10 || (code === 13 && text.charCodeAt(at + 1) !== 10)) count += 1;
  }
  return count;
}
