/**
 * Makes a JSON file ready: its records are written as delimited text, each value in the text it has in the file, so that
 * numbers go through no binary number. What each column held is told beside it.
 */

import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';

import { badLine } from './bad-line.ts';
import { written } from './csv-part.ts';
import { makeJsonSplitter, makeLineSplitter } from './json-split.ts';
import { NotJson, parseRecord } from './json-values.ts';
import { keyOf, namesOf } from './names.ts';
import { KIND } from './part.ts';
import { textOf } from './text-source.ts';

import type { JsonText } from './json-split.ts';
import type { JsonRecord, JsonValue } from './json-values.ts';
import type { Part, Place } from './part.ts';
import type { Reading } from './reading.ts';
import type { StagedFile } from '../../model/attempt-inputs.ts';

/** Longest record of JSON that is read without a word about it. */
const MAX_RECORD_BYTES = 16 * 1024 * 1024;
/** The one column of values that are no objects. */
const ONLY = 'json';
const PIECE_CHARACTERS = 256 * 1024;

type Column = { readonly name: string; readonly at: number; kinds: number; last: number };

/** What is known of a file's columns before it is written: those met, and (by `keyOf`) those whose values stay JSON. */
type Known = { readonly columns: Map<string, Column>; readonly raw: ReadonlySet<string> };

/**
 * Undefined: the file has no record, so it says nothing of columns. `elsewhere`: columns, by `keyOf`, that hold nested
 * values in another file, so that they stay JSON here.
 * @throws StepError BAD_INPUT_DATA
 */
export async function jsonPart(
  file: StagedFile,
  format: 'json' | 'jsonl',
  reading: Reading,
  scratch: string,
  onProgress: () => void = () => undefined,
  elsewhere: ReadonlySet<string> = new Set(),
): Promise<Part | undefined> {
  const declared = Object.entries(reading.columns);
  const isDeclared = new Set(declared.map(([name]) => keyOf(name)));
  const raw = new Set([
    ...declared.flatMap(([name, { type }]) => (/^json$/i.test(type.trim()) ? [keyOf(name)] : [])),
    ...[...elsewhere].filter((key) => !isDeclared.has(key)),
  ]);
  const about = { file, format, reading, onProgress };
  let known: Known = { columns: new Map(), raw };
  for (;;) {
    const done = await rewrite(about, known, scratch);
    const columns = [...known.columns.values()];
    if (done.records === 0) return undefined;
    // A string among nested values must keep its quotes: nothing else tells "[1]" from [1].
    const mixed = columns.filter(
      ({ name, kinds }) =>
        (kinds & KIND.nested) !== 0 &&
        (kinds & KIND.string) !== 0 &&
        !known.raw.has(keyOf(name)) &&
        !isDeclared.has(keyOf(name)),
    );
    if (mixed.length > 0 || done.width < columns.length) {
      for (const column of columns) column.last = -1;
      known = { ...known, raw: new Set([...known.raw, ...mixed.map(({ name }) => keyOf(name))]) };
      if (mixed.length > 0) for (const column of columns) column.kinds = 0;
      continue;
    }
    return {
      file,
      name: file.original,
      path: scratch,
      delimiter: ',',
      hasHeader: false,
      hasReturns: false,
      nulls: [''],
      width: columns.length <= 1 ? 2 : columns.length,
      given: columns.map(({ name }) => name),
      names: namesOf(columns.map(({ name }) => name)),
      kinds: columns.map(({ name, kinds }) => (known.raw.has(keyOf(name)) ? KIND.nested : kinds)),
      records: done.records,
      maxLineBytes: done.longest,
      placesOf: (wanted) => placesOf(about, wanted),
    };
  }
}

type About = {
  readonly file: StagedFile;
  readonly format: 'json' | 'jsonl';
  readonly reading: Reading;
  readonly onProgress: () => void;
};

/** Writes all records. `width`: columns that were known before the first was written. */
async function rewrite(
  about: About,
  known: Known,
  scratch: string,
): Promise<{ readonly width: number; readonly records: number; readonly longest: number }> {
  const { file, reading } = about;
  const nulls = new Set(reading.dialect.nulls);
  const out = createWriteStream(scratch);
  const whole = finished(out);
  whole.catch(() => undefined);
  let [text, records, longest] = ['', 0, 0];
  let width = known.columns.size;
  let shape: 'objects' | 'values' | undefined;
  try {
    for await (const given of textsOf(about)) {
      const { fields, whole: value } = parsed(file, given, nulls);
      const is = fields === undefined ? 'values' : 'objects';
      shape ??= is;
      if (shape !== is) {
        const what =
          is === 'objects'
            ? 'an object, where the records before it are other values'
            : 'no object, as the records before it are';
        throw badLine(file.original, given.line, what, { text: given.text });
      }
      const row: (string | null)[] = [];
      for (const { name, value: each } of fields ?? [{ name: ONLY, value }]) {
        const column = columnOf(known, name);
        if (column.last === records) {
          throw badLine(
            file.original,
            given.line,
            `the name '${name}' stands twice in one object`,
            {
              text: given.text,
            },
          );
        }
        column.last = records;
        column.kinds |= each.kind;
        row[column.at] = textIn(each, known.raw.has(keyOf(name)));
      }
      if (records === 0) width = Math.max(width, known.columns.size);
      const size = known.columns.size;
      const line = `${Array.from({ length: size }, (_, i) => written(row[i] ?? null)).join(',')}${size <= 1 ? ',1' : ''}\n`;
      if (line.length * 4 > longest) longest = Math.max(longest, Buffer.byteLength(line));
      text += line;
      records += 1;
      if (text.length < PIECE_CHARACTERS) continue;
      if (!out.write(text)) await Promise.race([once(out, 'drain'), whole]);
      text = '';
    }
    out.end(text);
    await whole;
    return { width, records, longest };
  } finally {
    out.destroy();
  }
}

function columnOf({ columns }: Known, name: string): Column {
  const known = columns.get(name);
  if (known !== undefined) return known;
  const column = { name, at: columns.size, kinds: 0, last: -1 };
  columns.set(name, column);
  return column;
}

function textIn({ kind, text, raw }: JsonValue, isRaw: boolean): string | null {
  if (kind === 0) return null;
  return isRaw ? raw : text;
}

function parsed(
  file: StagedFile,
  { line, text }: JsonText,
  nulls: ReadonlySet<string>,
): JsonRecord {
  try {
    return parseRecord(text, nulls);
  } catch (error) {
    if (!(error instanceof NotJson)) throw error;
    const { message, help } = error;
    throw badLine(file.original, line, message, { text, ...(help === undefined ? {} : { help }) });
  }
}

async function* textsOf({ file, format, reading, onProgress }: About): AsyncGenerator<JsonText> {
  const max = reading.maxLineBytes ?? MAX_RECORD_BYTES;
  const splitter =
    format === 'jsonl'
      ? makeLineSplitter(file.original, max)
      : makeJsonSplitter(file.original, max);
  const chunks = textOf({ path: file.path, name: file.original }, reading.encoding);
  for await (const chunk of chunks) {
    yield* splitter.push(chunk.toString());
    onProgress();
  }
  yield* splitter.end();
}

async function placesOf(
  about: About,
  wanted: readonly number[],
): Promise<ReadonlyMap<number, Place>> {
  const places = new Map<number, Place>();
  const last = Math.max(...wanted);
  let n = 0;
  for await (const { line, text } of textsOf(about)) {
    if (wanted.includes(n)) places.set(n, { line, text });
    n += 1;
    if (n > last) break;
  }
  return places;
}
