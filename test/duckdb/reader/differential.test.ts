/**
 * The reader against others that are strict and know nothing of it: generated files are read by both; both give the
 * same values, or both refuse. `BUILDER_DIFFERENTIAL_CSV` and `_JSONL` say how many files; the seed is told on failure.
 */

import { expect, test } from '@jest/globals';
import { parse as parseCsv } from 'csv-parse/sync';
import fc from 'fast-check';
import { isLosslessNumber, parse as parseJson, stringify } from 'lossless-json';

import { StepError } from '../../../src/model/step-error.ts';
import { readFiles } from './read.ts';
import { column, shown, shownAs } from './generated.ts';

const CSV_FILES = Number(process.env['BUILDER_DIFFERENTIAL_CSV'] ?? 60);
const JSONL_FILES = Number(process.env['BUILDER_DIFFERENTIAL_JSONL'] ?? 40);

type Written = { readonly quoteAll: boolean; readonly eol: string; readonly delimiter: string };

const quoted = (field: string): string => `"${field.replaceAll('"', '""')}"`;
const fieldOf = (field: string, { quoteAll, delimiter }: Written): string =>
  quoteAll || /["\r\n]/.test(field) || field.includes(delimiter) ? quoted(field) : field;

const file = fc
  .record({
    columns: fc.array(column, { minLength: 1, maxLength: 4 }),
    rows: fc.integer({ min: 0, max: 6 }),
    quoteAll: fc.boolean(),
    eol: fc.constantFrom('\n', '\n', '\r\n', '\r'),
    mixed: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    delimiter: fc.constantFrom(',', ',', ';', '\t', '|'),
    bom: fc.boolean(),
    lastEol: fc.boolean(),
    encoding: fc.constantFrom('utf-8', 'utf-8', 'utf-8', 'utf-16', 'utf-16be'),
    fault: fc.constantFrom(
      ...Array(12).fill('none'),
      'extra',
      'missing',
      'open',
      'tail',
      'blank',
      'trailing',
    ),
    at: fc.nat({ max: 5 }),
  })
  .map((about) => {
    const names = about.columns.map((_, i) => `c${i}`);
    const lines = [
      names,
      ...Array.from({ length: about.rows }, (_, r) =>
        about.columns.map((values) => values[r] ?? ''),
      ),
    ].map((fields) => fields.map((field) => fieldOf(field, about)).join(about.delimiter));
    const at = about.rows === 0 ? 0 : 1 + (about.at % about.rows);
    const spoiled: Record<string, (line: string) => string> = {
      extra: (line) => `${line}${about.delimiter}x`,
      trailing: (line) => `${line}${about.delimiter}`,
      missing: (line) => line.slice(0, Math.max(0, line.lastIndexOf(about.delimiter))),
      open: (line) => `"${line.replaceAll('"', '')}`,
      tail: (line) => `"a"b${about.delimiter}${line}`,
      blank: (line) => `${line}${about.eol}`,
    };
    lines[at] = spoiled[about.fault]?.(lines[at]!) ?? lines[at]!;
    const ends = lines.map((_, i) => (about.mixed && i % 2 === 1 ? '\r\n' : about.eol));
    const body = lines
      .map((line, i) => line + (i < lines.length - 1 || about.lastEol ? ends[i] : ''))
      .join('');
    return { ...about, names, body };
  });

/** The rows by csv-parse: fields as texts, an unquoted empty one as null; undefined: refused. */
function strictly(body: string, delimiter: string): (string | null)[][] | undefined {
  try {
    const rows = parseCsv(body, {
      delimiter,
      bom: true,
      relax_quotes: false,
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
      cast: (value, { quoting }) => (value === '' && !quoting ? null : value),
    }) as unknown as (string | null)[][];
    const isEmpty = (row: readonly (string | null)[]): boolean =>
      row.length === 1 && row[0] === null;
    const first = rows.findIndex((row) => !isEmpty(row));
    if (first < 0) return undefined;
    const [names = [], ...rest] = rows.slice(first);
    // An empty line is no record, except in a table of one column.
    const records = rest.filter((row) => names.length === 1 || !isEmpty(row));
    return records.every((row) => row.length === names.length) ? records : undefined;
  } catch {
    return undefined;
  }
}

function encoded(body: string, encoding: string, bom: boolean): Uint8Array {
  if (encoding === 'utf-8') return Buffer.from((bom ? '\ufeff' : '') + body);
  const bytes = Buffer.from(`${encoding === 'utf-16' ? '\ufeff' : ''}${body}`, 'utf16le');
  return encoding === 'utf-16be' ? bytes.swap16() : bytes;
}

async function orRefused<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof StepError && error.code === 'BAD_INPUT_DATA') {
      expect(error.message).toMatch(/^a\.(csv|jsonl)(:\d+)?: /);
      return undefined;
    }
    throw error;
  }
}

test('reads any CSV as a strict parser reads it, or both refuse it', async () => {
  await fc.assert(
    fc.asyncProperty(file, async ({ body, delimiter, encoding, bom }) => {
      const options = { delimiter, encoding };
      const given = { 'a.csv': encoded(body, encoding, bom) };
      const ours = await orRefused(readFiles(given, options));
      const theirs = strictly(body, delimiter);
      // A quote within an unquoted field is a letter to us; the other refuses it.
      if (theirs === undefined && ours !== undefined) {
        expect(
          strictly(body.replaceAll(/(?<=[^"\r\n,;\t|])"(?=[^"])/g, "'"), delimiter),
        ).toBeDefined();
        return;
      }
      expect(ours === undefined).toBe(theirs === undefined);
      if (ours === undefined || theirs === undefined) return;
      const types = Object.values(ours.types);
      expect(ours.rows.map((row) => row.map((value, i) => shown(types[i]!, value)))).toEqual(
        theirs.map((row) => row.map((value, i) => shownAs(types[i]!, value))),
      );
    }),
    { numRuns: CSV_FILES },
  );
}, 3_600_000);

const key = fc.constantFrom('a', 'b', 'c', 'late', 'A', 'é', '');
const scalar = fc.oneof(
  fc.constantFrom(
    'null',
    'true',
    'false',
    '"x"',
    '""',
    '"2024-01-31"',
    '"1"',
    '"[1]"',
    '"a\\nb"',
    '"\\u00e9"',
  ),
  fc.constantFrom(
    '0',
    '-0',
    '1',
    '1.50',
    '1e5',
    '1E-7',
    '12345678901234567890',
    '0.1000000000000000055',
    '1e400',
    '0.30000000000000004',
  ),
  fc.constantFrom('[1, 2]', '{"x": 1.10}', '[]', '[{"y":null}]'),
  fc.string({ unit: 'binary', maxLength: 5 }).map((s) => JSON.stringify(s.replaceAll('\0', ''))),
);
const object = fc.array(fc.tuple(key, scalar), { minLength: 1, maxLength: 4 });
const jsonl = fc.record({
  lines: fc.array(object, { minLength: 1, maxLength: 8 }),
  eol: fc.constantFrom('\n', '\r\n'),
  bom: fc.boolean(),
  fault: fc.constantFrom(
    ...Array(10).fill(''),
    '{"a":NaN}',
    '{"a":1',
    '{"a":01}',
    '{a:1}',
    "{'a':1}",
    '{"a":1}}',
    '[',
    '{"a":"\\ud800"}',
  ),
});

test('reads any JSON Lines as a parser that keeps the digits of numbers, or both refuse it', async () => {
  await fc.assert(
    fc.asyncProperty(jsonl, async ({ lines, eol, bom, fault }) => {
      const texts = lines.map(
        (fields) =>
          `{${fields.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(', ')}}`,
      );
      if (fault !== '') texts.push(fault);
      const body = texts.map((line) => line + eol).join('');
      const ours = await orRefused(readFiles({ 'a.jsonl': (bom ? '\ufeff' : '') + body }));
      const isTwice = lines.some(
        (fields) => new Set(fields.map(([name]) => name)).size < fields.length,
      );
      expect(ours === undefined).toBe(fault !== '' || isTwice);
      if (ours === undefined) return;
      // Names in the order in which they are first met; what comes out has others only where two would clash.
      const names = [...new Set(lines.flatMap((fields) => fields.map(([name]) => name)))];
      const types = Object.values(ours.types);
      const expected = texts.map((line) => {
        const record = parseJson(line) as Record<string, unknown>;
        return names.map((name, i) => {
          const value = record[name];
          if (value === undefined || value === null) return null;
          if (types[i] === 'JSON') return JSON.stringify(parseJson(stringify(value) ?? ''));
          const said = isLosslessNumber(value) ? value.toString() : String(value);
          return shownAs(
            types[i]!,
            typeof value === 'object' && !isLosslessNumber(value) ? (stringify(value) ?? '') : said,
          );
        });
      });
      const found = ours.rows.map((row) =>
        row.map((value, i) =>
          types[i] === 'JSON' && value !== null
            ? JSON.stringify(parseJson(value))
            : shown(types[i]!, value),
        ),
      );
      expect(found).toEqual(expected);
    }),
    { numRuns: JSONL_FILES },
  );
}, 3_600_000);
