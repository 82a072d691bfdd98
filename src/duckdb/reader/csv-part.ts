/** Makes a delimited file ready: read where it lies if it is plain, else written anew in the one form that is. */

import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';

import { badFile, badLine } from './bad-line.ts';
import { makeCsvParser } from './csv-records.ts';
import { makeScanner } from './csv-scan.ts';
import { namesOf } from './names.ts';
import { MAX_LINE_BYTES } from './reading.ts';
import { textOf } from './text-source.ts';

import type { CsvRecord } from './csv-records.ts';
import type { Scan } from './csv-scan.ts';
import type { Part, Place } from './part.ts';
import type { Reading } from './reading.ts';
import type { StagedFile } from '../../model/attempt-inputs.ts';

/** `scratch`: where text may be written. Undefined: the file has no line at all, so it says nothing. @throws StepError BAD_INPUT_DATA */
export async function csvPart(
  file: StagedFile,
  reading: Reading,
  scratch: string,
  onProgress: () => void = () => undefined,
): Promise<Part | undefined> {
  const { dialect } = reading;
  const head = await headOf(file, reading);
  if (head === undefined) return undefined;
  const { first, delimiter } = head;
  const width = first.fields.length;
  const given = dialect.header
    ? first.fields.map((name) => name ?? '')
    : unnamed(width, Object.keys(reading.columns));
  const common = {
    file,
    name: file.original,
    given,
    names: namesOf(given),
    maxLineBytes: maxLine(reading),
    placesOf: (wanted: readonly number[]) => placesOf(file, reading, delimiter, wanted),
  };
  const mayBePlain =
    isByte(delimiter) &&
    dialect.quote === '"' &&
    dialect.escape === undefined &&
    dialect.comment === undefined &&
    dialect.skipEnd === 0 &&
    first.line === 1 &&
    !/[\r\n]/.test(first.raw);
  if (mayBePlain) {
    const look = await scanned(file, reading, delimiter, scratch, onProgress);
    if (look !== undefined) {
      return {
        ...common,
        path: look.path,
        delimiter,
        hasHeader: dialect.header,
        hasReturns: look.hasReturns,
        nulls: dialect.nulls,
        width,
        records: look.records - (dialect.header ? 1 : 0),
      };
    }
  }
  const { records, longest } = await rewritten(
    file,
    reading,
    delimiter,
    width,
    scratch,
    onProgress,
  );
  return {
    ...common,
    // Quotes and what they double make a record longer than it was.
    maxLineBytes: Math.max(common.maxLineBytes, longest),
    path: scratch,
    delimiter: ',',
    hasHeader: false,
    hasReturns: false,
    nulls: [''],
    width: width === 1 ? 2 : width,
    records,
  };
}

function maxLine({ maxLineBytes }: Reading): number {
  return maxLineBytes ?? MAX_LINE_BYTES;
}

function isByte(text: string): boolean {
  return text.length === 1 && text.charCodeAt(0) < 128;
}

/** Names of columns in a file without any: those declared, if there are as many, else by place. */
function unnamed(width: number, declared: readonly string[]): readonly string[] {
  if (declared.length === width) return declared;
  return Array.from({ length: width }, (_, i) => `column${i}`);
}

/** The first record that is not an empty line, and the delimiter it tells. */
async function headOf(
  file: StagedFile,
  reading: Reading,
): Promise<{ readonly first: CsvRecord; readonly delimiter: string } | undefined> {
  // A name is a name, also where a field of this text would be NULL.
  const literal = { ...reading, dialect: { ...reading.dialect, nulls: [] } };
  for await (const { record, delimiter } of recordsOf(file, literal, undefined)) {
    if (record.raw !== '') return { first: record, delimiter };
  }
  return undefined;
}

const PIECE_CHARACTERS = 64 * 1024;

/** Every record of the file with its line, read exactly. */
async function* recordsOf(
  file: StagedFile,
  reading: Reading,
  delimiter: string | undefined,
  onProgress: () => void = () => undefined,
): AsyncGenerator<{ record: CsvRecord; delimiter: string }> {
  const { dialect, encoding } = reading;
  const parser = makeCsvParser({
    file: file.original,
    maxLineBytes: maxLine(reading),
    dialect: { ...dialect, delimiter: delimiter ?? dialect.delimiter },
  });
  for await (const chunk of textOf({ path: file.path, name: file.original }, encoding)) {
    const text = chunk.toString();
    for (let at = 0; at < text.length; at += PIECE_CHARACTERS) {
      const records = parser.push(text.slice(at, at + PIECE_CHARACTERS));
      for (const record of records) yield { record, delimiter: parser.delimiter ?? ',' };
    }
    onProgress();
  }
  for (const record of parser.end()) yield { record, delimiter: parser.delimiter ?? ',' };
}

/** Looks at the whole file quickly. Undefined: it is not plain. Text that does not lie in the file as it is goes to `scratch`. */
async function scanned(
  file: StagedFile,
  reading: Reading,
  delimiter: string,
  scratch: string,
  onProgress: () => void,
): Promise<(Scan & { readonly path: string }) | undefined> {
  const scanner = makeScanner({ delimiter, quote: '"', maxLineBytes: maxLine(reading) });
  const facts = { isAsItLies: true };
  let copy: Awaited<ReturnType<typeof open>> | undefined;
  try {
    for await (const chunk of textOf(
      { path: file.path, name: file.original },
      reading.encoding,
      facts,
    )) {
      scanner.push(chunk);
      if (!facts.isAsItLies) {
        copy ??= await open(scratch, 'w');
        await copy.writeFile(chunk);
      }
      onProgress();
    }
  } finally {
    await copy?.close();
  }
  const scan = scanner.end();
  // Which line end it is DuckDB cannot be told of \r\n, and finds out by the first: that must be one of a record.
  if (!scan.isPlain || (scan.hasReturns && !reading.dialect.header)) return undefined;
  return { ...scan, path: copy === undefined ? file.path : scratch };
}

/** The records that count as rows: no header, no empty line in a table of several columns, no footer. */
async function* rowsOf(
  file: StagedFile,
  reading: Reading,
  delimiter: string,
  onProgress?: () => void,
): AsyncGenerator<CsvRecord> {
  const { header, skipEnd } = reading.dialect;
  const waiting: CsvRecord[] = [];
  let width = 0;
  for await (const { record } of recordsOf(file, reading, delimiter, onProgress)) {
    if (width === 0) {
      if (record.raw === '') continue;
      width = record.fields.length;
      if (header) continue;
    }
    if (record.raw === '' && width > 1) continue;
    waiting.push(record);
    if (waiting.length > skipEnd) yield waiting.shift()!;
  }
}

/** Writes the rows anew: comma, quotes where needed, `\n`. In a table of one column a mark ends each record, so that none is empty. */
async function rewritten(
  file: StagedFile,
  reading: Reading,
  delimiter: string,
  width: number,
  scratch: string,
  onProgress: () => void,
): Promise<{ readonly records: number; readonly longest: number }> {
  const out = createWriteStream(scratch);
  const whole = finished(out);
  // Observed below; an early failure must not count as nobody's.
  whole.catch(() => undefined);
  let text = '';
  let [records, longest] = [0, 0];
  try {
    for await (const record of rowsOf(file, reading, delimiter, onProgress)) {
      if (record.fields.length !== width) throw ragged(file, record, width, reading);
      const row = `${record.fields.map(written).join(',')}${width === 1 ? ',1\n' : '\n'}`;
      if (row.length * 4 > longest) longest = Math.max(longest, Buffer.byteLength(row));
      text += row;
      records += 1;
      if (text.length < PIECE_CHARACTERS) continue;
      if (!out.write(text)) await Promise.race([once(out, 'drain'), whole]);
      text = '';
    }
    out.end(text);
    await whole;
    return { records, longest };
  } finally {
    out.destroy();
  }
}

/** A field in the form every reader agrees on. An empty text is quoted, NULL is not. */
export function written(field: string | null): string {
  if (field === null) return '';
  return field === '' || /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

function ragged(file: StagedFile, record: CsvRecord, width: number, { dialect }: Reading): Error {
  const { line, raw, fields } = record;
  const mark = /^\s*(#|\/\/|--|%)/.exec(raw)?.[1];
  const help =
    mark !== undefined && dialect.comment === undefined
      ? `if it is a note give \`comment: '${mark}'\``
      : dialect.quote !== undefined && raw.includes(dialect.quote)
        ? 'if quotes mean nothing in this file give `quote: none`'
        : 'lines before the names are left out by `skip`, lines at the end by `skip_end`; `delimiter` says what separates';
  return badLine(
    file.original,
    line,
    `${fields.length} ${fields.length === 1 ? 'field' : 'fields'} where the first line has ${width}`,
    { text: raw, help },
  );
}

async function placesOf(
  file: StagedFile,
  reading: Reading,
  delimiter: string,
  wanted: readonly number[],
): Promise<ReadonlyMap<number, Place>> {
  const places = new Map<number, Place>();
  const last = Math.max(...wanted);
  let n = 0;
  for await (const { line, raw } of rowsOf(file, reading, delimiter)) {
    if (wanted.includes(n)) places.set(n, { line, text: raw });
    n += 1;
    if (n > last) break;
  }
  return places;
}

/** The file is empty although its first line was to name the columns. */
export function noNames(file: StagedFile): Error {
  return badFile(file.original, 'the file is empty; its first line was to name the columns');
}
