/**
 * Several generated files, in several encodings, collected as one table and exported in every format: what stands in the
 * exports, read by parsers that know nothing of the reader, is what stands in the files. `BUILDER_DIFFERENTIAL_EXPORTS`
 * says how many times; the seed is told on failure.
 */

import { readFile } from 'node:fs/promises';

import { expect, test } from '@jest/globals';
import { parse as parseCsv } from 'csv-parse/sync';
import fc from 'fast-check';
import { isLosslessNumber, parse as parseJson } from 'lossless-json';

import { collectFiles } from '../../../src/kinds/collect-files.ts';
import { exportDataset } from '../../../src/kinds/export-dataset.ts';
import { withAttempt } from '../../kinds/harness.ts';
import { column, shown, shownAs } from './generated.ts';

const RUNS = Number(process.env['BUILDER_DIFFERENTIAL_EXPORTS'] ?? 20);
const FORMATS = ['parquet', 'csv', 'jsonl'] as const;

type Row = Readonly<Record<string, string | null>>;

const NAMES = ['a', 'b', 'c', 'd'];
/** Texts that mean NULL besides the empty one, where they stand without quotes. */
const NULLS = ['NA', '\\N'];

const table = fc.record({
  names: fc.shuffledSubarray(NAMES.slice(1), { minLength: 1 }),
  columns: fc.array(column, { minLength: 4, maxLength: 4 }),
  rows: fc.integer({ min: 0, max: 6 }),
  eol: fc.constantFrom('\n', '\r\n', '\r'),
  delimiter: fc.constantFrom(',', ';', '\t'),
  quoteAll: fc.boolean(),
});
const encoding = fc.constantFrom('utf-8', 'utf-16', 'latin-1', 'windows-1252');

/** Latin-1 has no others; of it windows-1252 writes these bytes alike. */
const LETTERS = /[^\n\r\t\x20-\x7e\xa0-\xff]/gu;

type Table = typeof table extends fc.Arbitrary<infer Value> ? Value : never;

/** A file, and the rows that stand in it. */
function written(
  given: Table,
  code: string,
): { readonly bytes: Buffer; readonly rows: readonly Row[] } {
  const { columns, delimiter, eol, quoteAll } = given;
  // Every file has one column in common with the first.
  const names = ['a', ...given.names];
  const isWide = code.startsWith('utf');
  const textAt = (name: string, row: number): string => {
    const text = columns[NAMES.indexOf(name)]![row] ?? '';
    return isWide ? text : text.replaceAll(LETTERS, '?');
  };
  const fieldOf = (text: string): string =>
    quoteAll || /["\r\n]/.test(text) || text.includes(delimiter) || text.startsWith(' ')
      ? `"${text.replaceAll('"', '""')}"`
      : text;
  const numbers = Array.from({ length: given.rows }, (_, row) => row);
  const lines = [names, ...numbers.map((row) => names.map((name) => textAt(name, row)))];
  const body = lines.map((fields) => fields.map(fieldOf).join(delimiter) + eol).join('');
  const rows = numbers.map((row) =>
    Object.fromEntries(
      names.map((name) => {
        const text = textAt(name, row);
        const isBare = fieldOf(text) === text;
        return [name, isBare && (text === '' || NULLS.includes(text)) ? null : text];
      }),
    ),
  );
  const bytes =
    code === 'utf-8'
      ? Buffer.from(body)
      : code === 'utf-16'
        ? Buffer.from(`\ufeff${body}`, 'utf16le')
        : Buffer.from(body, 'latin1');
  return { bytes, rows };
}

/** The rows of a CSV of ours: an unquoted empty field is NULL. */
function rowsOfCsv(text: string, names: readonly string[]): readonly Row[] {
  const [, ...rows] = parseCsv(text, {
    relax_quotes: false,
    record_delimiter: ['\n'],
    cast: (value, { quoting }) => (value === '' && !quoting ? null : value),
  }) as unknown as (string | null)[][];
  return rows.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i] ?? null])));
}

function rowsOfLines(text: string): readonly Row[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const record = parseJson(line) as Record<string, unknown>;
      return Object.fromEntries(
        Object.entries(record).map(([name, value]) => [
          name,
          value === null ? null : isLosslessNumber(value) ? value.toString() : String(value),
        ]),
      );
    });
}

test('what several files say stands in every export, to the last digit', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(table, { minLength: 1, maxLength: 3 }),
      encoding,
      async (tables, code) => {
        const files = tables.map((each) => written(each, code));
        const given = Object.fromEntries(files.map(({ bytes }, i) => [`${i}.csv`, bytes]));
        await withAttempt({ files: given }, async ({ path, run, rows: rowsIn }) => {
          const collected = await run(collectFiles, {
            from: path('*.csv'),
            encoding: code,
            null_values: NULLS,
            // A header of one name has no delimiter that could be told.
            ...(tables.length === 1 ? { delimiter: tables[0]!.delimiter } : {}),
          });
          const { path: made = '', rows = 0, columns = [] } = collected.outputs?.['table'] ?? {};
          const names = columns.map(({ name }) => name);
          const typeOf = new Map(columns.map(({ name, type }) => [name, type]));
          const input = { path: made, rows, sha256: 'x', bytes: 1, format: 'parquet' } as const;
          const inputs = { t: { outputs: { table: input }, values: {} } };
          const { outputs } = await run(exportDataset, { from: 't', formats: FORMATS }, { inputs });
          const textOf = async (format: string): Promise<string> =>
            readFile(outputs?.[format]?.path ?? '', 'utf8');
          const found: Record<string, readonly Row[]> = {
            parquet: (await rowsIn(
              outputs?.['parquet'],
              'select columns(*)::varchar from t',
            )) as Row[],
            csv: rowsOfCsv(await textOf('csv'), names),
            jsonl: rowsOfLines(await textOf('jsonl')),
          };
          const expected = files.flatMap(({ rows: all }) =>
            all.map((row) =>
              Object.fromEntries(
                names.map((name) => [name, shownAs(typeOf.get(name)!, row[name] ?? null)]),
              ),
            ),
          );
          for (const format of FORMATS) {
            const seen = found[format]!.map((row) =>
              Object.fromEntries(
                names.map((name) => [name, shown(typeOf.get(name)!, row[name] ?? null)]),
              ),
            );
            expect({ format, rows: seen }).toEqual({ format, rows: expected });
          }
        });
      },
    ),
    { numRuns: RUNS },
  );
}, 3_600_000);
