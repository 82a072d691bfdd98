/** Files as they come from strangers, each read as another program reads it, or refused with the place and what helps. */

import { expect, test } from '@jest/globals';

import { StepError } from '../../../src/model/step-error.ts';
import { readColumn, readFiles } from './read.ts';

import type { ReadingOptions } from '../../../src/duckdb/reader/reading.ts';

const rowsOf = async (
  files: Readonly<Record<string, string | Uint8Array>>,
  options: ReadingOptions = {},
): Promise<unknown> => (await readFiles(files, options)).rows;

async function refused(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    (value) => new Error(`read as ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof StepError)) throw error;
  expect(error.code).toBe('BAD_INPUT_DATA');
  return error.message;
}

test('spaces before a quote make it a letter, as RFC 4180 has it', async () => {
  expect(await rowsOf({ 'a.csv': 'n,v\n "a", "1"\n  "b,2\n' })).toEqual([
    [' "a"', ' "1"'],
    ['  "b', '2'],
  ]);
});

test('a quoted `sep=` line says the delimiter as a bare one does', async () => {
  expect(await rowsOf({ 'a.csv': '"sep=;"\nn;v\na;1\n' })).toEqual([['a', '1']]);
});

test('a note may begin with several characters, as the hint for it says', async () => {
  const csv = 'n,v\n-- note\na,1\n';
  expect(await refused(rowsOf({ 'a.csv': csv }))).toContain("give `comment: '--'`");
  expect(await rowsOf({ 'a.csv': csv }, { comment: '--' })).toEqual([['a', '1']]);
});

test('a record of quotes is as long as it was, though each of them is doubled on the way', async () => {
  const field = 'x"'.repeat(900_000);
  const rows = await rowsOf({ 'a.csv': `n,v\n${field},1\n` }, { quote: 'none' });
  expect(rows).toEqual([[field, '1']]);
});

test.each([
  ['windows-1252', 0x81],
  ['windows-1251', 0x98],
  ['windows-1253', 0xaa],
  ['euc-kr', 0x81],
] as const)('a byte that %s has no letter for is refused at its line', async (encoding, byte) => {
  const bytes = Buffer.concat([
    Buffer.from('n,v\nok,1\nx'),
    Buffer.from([byte]),
    Buffer.from('A,2\n'),
  ]);
  expect(await refused(rowsOf({ 'a.csv': bytes }, { encoding }))).toMatch(
    `a.csv:3: the line is not ${encoding}`,
  );
});

test('a byte order mark of UTF-8 is believed more than an option', async () => {
  const files = { 'a.csv': Buffer.from('\ufeffn\né\n') };
  expect(await refused(rowsOf(files, { encoding: 'latin-1' }))).toBe(
    'a.csv:1: the file is UTF-8, as its byte order mark says; leave `encoding` out',
  );
});

test('half a letter of UTF-16 is refused at its line', async () => {
  const bytes = Buffer.concat([
    Buffer.from('n,v\na,1\n', 'utf16le'),
    Buffer.from([0x3d, 0xd8]),
    Buffer.from(',2\n', 'utf16le'),
  ]);
  expect(await refused(rowsOf({ 'a.csv': bytes }, { encoding: 'utf-16le' }))).toMatch(
    /^a\.csv:3: /,
  );
});

const dated = (format: string): ReadingOptions => ({ date_format: format, columns: { v: 'DATE' } });
const timed = (format: string, type: string): ReadingOptions => ({
  timestamp_format: format,
  columns: { v: type },
});

test.each([
  ['two digits of a year are no four', '010124', dated('%d%m%Y')],
  ['a year that takes a digit of the month', '240131', dated('%Y%m%d')],
  ['a day with a time is no day', '31/12/2023 10:30', dated('%d/%m/%Y %H:%M')],
  ['digits of the hour are none of the year', '01/02/24 1030', timed('%d/%m/%Y %H%M', 'TIMESTAMP')],
  [
    'nanoseconds are no microseconds',
    '31.12.2023 10:00:00.123456789',
    timed('%d.%m.%Y %H:%M:%S.%n', 'TIMESTAMP'),
  ],
  ['a zone is not left out', '31.12.2023 10:00 +0200', timed('%d.%m.%Y %H:%M %z', 'TIMESTAMP')],
  ['another zone is not made up', '31.12.2023 10:00', timed('%d.%m.%Y %H:%M', 'TIMESTAMPTZ')],
  ['24:00 is another day', '2024-01-31 24:00:00', { columns: { v: 'TIMESTAMP' } }],
  ['24:00 is no time of a day', '24:00:00', { columns: { v: 'TIME' } }],
  [
    'places that the declared type lacks',
    '2024-01-31 10:00:00.1234',
    { columns: { v: 'TIMESTAMP_MS' } },
  ],
  ['what an ENUM does not list', 'c', { columns: { v: "ENUM('a', 'b')" } }],
  ['a HUGEINT beyond what is kept', '1'.repeat(39), { columns: { v: 'HUGEINT' } }],
] as const)('%s: refused', async (_what, text, options) => {
  expect(await refused(readColumn([text], options))).toMatch(/^a\.csv:2: column 'v'/);
});

test.each([
  ['31/12/2023', dated('%d/%m/%Y'), 'DATE', '2023-12-31'],
  ['1/2/2024', dated('%d/%m/%Y'), 'DATE', '2024-02-01'],
  ['01012024', dated('%d%m%Y'), 'DATE', '2024-01-01'],
  ['31-Dec-2023', dated('%d-%b-%Y'), 'DATE', '2023-12-31'],
  ['2024-W05-1', dated('%G-W%V-%u'), 'DATE', '2024-01-29'],
  ['31/12/2023 00:00', dated('%d/%m/%Y %H:%M'), 'DATE', '2023-12-31'],
  [
    '31.12.2023 10:00 +0200',
    timed('%d.%m.%Y %H:%M %z', 'TIMESTAMPTZ'),
    'TIMESTAMP WITH TIME ZONE',
    '2023-12-31 08:00:00+00',
  ],
  [
    '31.12.2023 10:00 +0200',
    { timestamp_format: '%d.%m.%Y %H:%M %z' },
    'TIMESTAMP WITH TIME ZONE',
    '2023-12-31 08:00:00+00',
  ],
  [
    '31.12.2023 10:00:00.123456789',
    { timestamp_format: '%d.%m.%Y %H:%M:%S.%n' },
    'TIMESTAMP_NS',
    '2023-12-31 10:00:00.123456789',
  ],
  ['31.12.1500 10:00', { timestamp_format: '%d.%m.%Y %H:%M' }, 'TIMESTAMP', '1500-12-31 10:00:00'],
  ['12345678901234567e1', { columns: { v: 'BIGINT' } }, 'BIGINT', '123456789012345670'],
  ['-15e-1', { columns: { v: 'DECIMAL(10,2)' } }, 'DECIMAL(10,2)', '-1.50'],
  ['.5e3', { columns: { v: 'INTEGER' } }, 'INTEGER', '500'],
  [
    '12345678901234567890e-2',
    { columns: { v: 'DECIMAL(38,2)' } },
    'DECIMAL(38,2)',
    '123456789012345678.90',
  ],
  ['1e-300', { columns: { v: 'DOUBLE' } }, 'DOUBLE', '1e-300'],
  ['a', { columns: { v: "ENUM('a', 'b')" } }, 'VARCHAR', 'a'],
] as const)('%s with %j is %s %s', async (text, options, type, value) => {
  expect(await readColumn([text], options)).toEqual({ type, values: [value] });
});

test.each(['2024-01-01T10:00:00+25:00', '2024-01-01T10:00:00+02:60'])(
  '%s has no zone that others know, and stays text',
  async (text) => {
    expect(await readColumn([text])).toEqual({ type: 'VARCHAR', values: [text] });
  },
);

test('what a profile calls false is false, whatever it means elsewhere', async () => {
  const options = { true_values: ['0'], false_values: ['1', 'T'], columns: { v: 'BOOLEAN' } };
  const { values } = await readColumn(['1', '0', 'T', 'true'], options);
  expect(values).toEqual(['false', 'true', 'false', 'true']);
});

test('names that differ in case only, or are made, are one column in all files only where they are one', async () => {
  expect(await rowsOf({ 'a.csv': 'a,A\n1,2\n', 'b.csv': 'A,a\n3,4\n' })).toEqual([
    ['1', '2'],
    ['4', '3'],
  ]);
  const twice = await readFiles({ 'a.csv': 'x,x\n1,2\n', 'b.csv': 'x,x_1\n3,4\n' });
  expect(twice.rows).toEqual([
    ['1', '2', null],
    ['3', null, '4'],
  ]);
  expect(Object.keys(twice.types)).toEqual(['x', 'x_2', 'x_1']);
  const unnamed = await readFiles({ 'a.csv': ',b\n1,2\n', 'b.csv': 'column_1,b\n3,4\n' });
  expect(unnamed.rows).toEqual([
    ['1', '2', null],
    [null, '4', '3'],
  ]);
  expect(await rowsOf({ 'a.jsonl': '{"a":1,"A":2}\n', 'b.jsonl': '{"A":3,"a":4}\n' })).toEqual([
    ['1', '2'],
    ['4', '3'],
  ]);
  expect(await rowsOf({ 'a.csv': 'Id\n1\n', 'b.csv': 'ID\n2\n' })).toEqual([['1'], ['2']]);
});

test('objects without a key are records, also where a file has no others', async () => {
  expect(await rowsOf({ 'a.json': '[{},{}]', 'b.jsonl': '{"a":1}\n{}\n' })).toEqual([
    [null],
    [null],
    ['1'],
    [null],
  ]);
});

test('records without any key, and objects beside other values, are told with their file', async () => {
  expect(await refused(rowsOf({ 'a.json': '[{},{}]' }))).toBe(
    'a.json: no record has a key, so there is no column',
  );
  expect(await refused(rowsOf({ 'a.json': '[1,\n{}]' }))).toMatch(/^a\.json:2: an object, where/);
  expect(await refused(rowsOf({ 'a.jsonl': '{"a":1}\nnull\n' }))).toMatch(/^a\.jsonl:2: no object/);
});

test('a declared column that no file has is NULL where it is optional', async () => {
  const columns = { w: { type: 'DATE', optional: true } };
  expect(await readFiles({ 'a.csv': 'v\n1\n' }, { columns })).toMatchObject({
    types: { v: 'BIGINT', w: 'DATE' },
    rows: [['1', null]],
  });
});

test('a column that is nested in one file and text in another is JSON, each text in its quotes', async () => {
  const files = { 'a.jsonl': '{"v":[1]}\n', 'b.jsonl': '{"v":"x"}\n{"v":"[1]"}\n' };
  expect(await readFiles(files)).toMatchObject({
    types: { v: 'JSON' },
    rows: [['[1]'], ['"x"'], ['"[1]"']],
  });
});

test('a declared text is what the string says, whatever other rows hold', async () => {
  const json = '[{"a":"x"},{"a":[1, 2]},{"a":1.10}]';
  expect(await rowsOf({ 'a.json': json }, { columns: { a: 'VARCHAR' } })).toEqual([
    ['x'],
    ['[1, 2]'],
    ['1.10'],
  ]);
});

test('a backslash before u0000 or ud800 makes it letters', async () => {
  const json = String.raw`[{"a":"C:\\u0000"},{"a":"\\ud800 \\\\udc00"},{"a":"\ud83d\ude00"}]`;
  expect(await rowsOf({ 'a.json': json })).toEqual([
    [String.raw`C:\u0000`],
    [String.raw`\ud800 \\udc00`],
    ['😀'],
  ]);
});

test.each([
  String.raw`\ud800`,
  String.raw`\udc00\ud800`,
  String.raw`\ud83d x \ude00`,
  String.raw`\ud83d\n\ude00`,
  String.raw`\ud83d\ud83d\ude00`,
])('%s is half a letter, and no hint speaks of lines', async (text) => {
  const message = await refused(rowsOf({ 'a.json': `[{"a":"${text}"}]` }));
  expect(message).toContain('a.json:1: half of a surrogate pair');
  expect(message).not.toContain('JSON Lines');
});

test('JSON as deep as anybody writes it is read, letters of two halves in it', async () => {
  const deep = `${'['.repeat(50_000)}"\\ud83d\\ude00"${']'.repeat(50_000)}`;
  expect(await rowsOf({ 'a.json': `[{"a":${deep}}]` })).toEqual([[deep]]);
});
