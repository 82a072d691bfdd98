/** One table of situations that are met in files from outside: what is read is what was written, or the place is named. */

import { gzipSync } from 'node:zlib';

import { expect, test } from '@jest/globals';

import { collectFiles } from '../../src/kinds/collect-files.ts';
import { withAttempt } from './harness.ts';

type Files = Readonly<Record<string, string | Buffer>>;
type Case = readonly [
  what: string,
  files: string | Files,
  options: Readonly<Record<string, unknown>>,
  /** Rows as `name TYPE` of the columns and values as text; or a part of the error. */
  expected: readonly (readonly (string | null)[])[] | string,
];

/** The columns and every value as text, or what the error says. */
async function collected(files: Files, options: object): Promise<unknown> {
  let answer: unknown;
  const named = Object.fromEntries(Object.entries(files).map(([name, of]) => [`in/${name}`, of]));
  await withAttempt({ files: named }, async ({ path, run, rows }) => {
    const ran = run(collectFiles, { from: path('in/*'), ...options });
    answer = await ran.then(
      async ({ outputs }) => {
        const table = outputs?.['table'];
        const columns = table?.columns ?? [];
        const found = await rows(table, 'select columns(*)::varchar from t');
        return [
          columns.map(({ name, type }) => `${name} ${type}`),
          ...found.map((row) => columns.map(({ name }) => row[name] ?? null)),
        ];
      },
      ({ code, message }: { code: string; message: string }) =>
        `${code} ${message.replaceAll(`${path('in')}/`, '')}`,
    );
  });
  return answer;
}

const CSV: readonly Case[] = [
  [
    'tabs in a .tsv',
    { 'a.tsv': 'k\tv\n1\ta,b\n' },
    {},
    [
      ['k BIGINT', 'v VARCHAR'],
      ['1', 'a,b'],
    ],
  ],
  [
    'a quote in the middle of a field',
    'k,v\n1,6" pipe\n2,5\' rod\n',
    {},
    [
      ['k BIGINT', 'v VARCHAR'],
      ['1', '6" pipe'],
      ['2', "5' rod"],
    ],
  ],
  ['a quote that stays open', 'k,v\n1,"open\n2,b\n3,c\n', {}, 'BAD_INPUT_DATA a.csv:2: '],
  ['text behind a closing quote', 'k,v\n1,"a"b\n', {}, 'BAD_INPUT_DATA a.csv:2: '],
  [
    'a percent comment that is data',
    '%k,v\n%1,2\n',
    {},
    [
      ['%k VARCHAR', 'v BIGINT'],
      ['%1', '2'],
    ],
  ],
  [
    'semicolon comments by option',
    'k,v\n;note\n1,2\n',
    { comment: ';' },
    [
      ['k BIGINT', 'v BIGINT'],
      ['1', '2'],
    ],
  ],
  [
    'a blank line at the end',
    'k,v\n1,2\n\n\n',
    {},
    [
      ['k BIGINT', 'v BIGINT'],
      ['1', '2'],
    ],
  ],
  ['one column with gaps', 'k\n1\n\n3\n', {}, [['k BIGINT'], ['1'], [null], ['3']]],
  ['a row too long', 'k,v\n1,2\n3,4,5\n', {}, 'BAD_INPUT_DATA a.csv:3: '],
  [
    'a row too short behind a quoted line end',
    'k,v\n"a\nb",2\n3\n',
    {},
    'BAD_INPUT_DATA a.csv:4: ',
  ],
  [
    'lone carriage returns',
    'k,v\r1,2\r3,4\r',
    {},
    [
      ['k BIGINT', 'v BIGINT'],
      ['1', '2'],
      ['3', '4'],
    ],
  ],
  ['a NUL byte', 'k,v\n1,a\0b\n', {}, 'BAD_INPUT_DATA a.csv:2: a NUL byte'],
  [
    'a byte order mark and quotes',
    '\ufeff"k","v"\n1,2\n',
    {},
    [
      ['k BIGINT', 'v BIGINT'],
      ['1', '2'],
    ],
  ],
  [
    'Latin-1 that is not said',
    { 'a.csv': Buffer.from('k,v\n1,Grü\n', 'latin1') },
    {},
    'BAD_INPUT_DATA a.csv:2: the line is not UTF-8',
  ],
  [
    'UTF-16 that is said',
    { 'a.csv': Buffer.from('\ufeffk,v\n1,ß\n', 'utf16le') },
    { encoding: 'utf-16' },
    [
      ['k BIGINT', 'v VARCHAR'],
      ['1', 'ß'],
    ],
  ],
  [
    'a short account number with zeros',
    'acct\n0042\n0100\n',
    {},
    [['acct VARCHAR'], ['0042'], ['0100']],
  ],
  [
    '22-digit references',
    'r\n1234567890123456789012\n1234567890123456789013\n',
    {},
    [['r DECIMAL(38,0)'], ['1234567890123456789012'], ['1234567890123456789013']],
  ],
  ['prices with three places', 'p\n1.005\n2.5\n', {}, [['p DECIMAL(18,3)'], ['1.005'], ['2.500']]],
  [
    'dates of two orders',
    'd\n2024-02-01\n01-02-2024\n',
    {},
    [['d VARCHAR'], ['2024-02-01'], ['01-02-2024']],
  ],
  [
    'an hour beyond the day',
    't\n2024-02-01 25:00:00\n',
    {},
    [['t VARCHAR'], ['2024-02-01 25:00:00']],
  ],
  [
    'a leap day that is none',
    'd\n2023-02-29\n2023-02-28\n',
    {},
    [['d VARCHAR'], ['2023-02-29'], ['2023-02-28']],
  ],
  ['on and off', 'f\non\noff\n', {}, [['f VARCHAR'], ['on'], ['off']]],
  [
    'on and off by option',
    'f\non\noff\n',
    { true_values: ['on'], false_values: ['off'] },
    [['f BOOLEAN'], ['true'], ['false']],
  ],
  ['a dash for nothing', 'v\n1\n-\n', { null_values: ['-'] }, [['v BIGINT'], ['1'], [null]]],
  [
    'an empty text in quotes',
    'k,v\n1,""\n2,\n',
    {},
    [
      ['k BIGINT', 'v VARCHAR'],
      ['1', ''],
      ['2', null],
    ],
  ],
  ['Swiss thousands', 'v\n"1\'234.50"\n', { thousands: "'" }, [['v DECIMAL(18,2)'], ['1234.50']]],
  ['thousands in the wrong place', 'v\n"12,34"\n', { thousands: ',' }, [['v VARCHAR'], ['12,34']]],
  [
    'a declared decimal that would be rounded',
    'v\n1.10\n1.105\n',
    { columns: { v: 'DECIMAL(10,2)' } },
    'BAD_INPUT_DATA a.csv:3: ',
  ],
  [
    'a declared integer out of range',
    'v\n127\n128\n',
    { columns: { v: 'TINYINT' } },
    'BAD_INPUT_DATA a.csv:3: ',
  ],
  ['a declared column that is missing', 'v\n1\n', { columns: { w: 'BIGINT' } }, "'w'"],
  [
    'a declared column in other letters',
    'V\n1\n',
    { columns: { v: 'INTEGER' } },
    [['V INTEGER'], ['1']],
  ],
  [
    'a name that stands three times',
    'v,v,v_1\n1,2,3\n',
    {},
    [
      ['v BIGINT', 'v_2 BIGINT', 'v_1 BIGINT'],
      ['1', '2', '3'],
    ],
  ],
  [
    'a name that is empty',
    'a,,c\n1,2,3\n',
    {},
    [
      ['a BIGINT', 'column_2 BIGINT', 'c BIGINT'],
      ['1', '2', '3'],
    ],
  ],
  [
    'files of other column orders',
    { 'a.csv': 'a,b\n1,x\n', 'b.csv': 'b,a\ny,2\n' },
    {},
    [
      ['a BIGINT', 'b VARCHAR'],
      ['1', 'x'],
      ['2', 'y'],
    ],
  ],
  [
    'one file with text among numbers',
    { 'a.csv': 'a\n1\n', 'b.csv': 'a\nx\n' },
    {},
    [['a VARCHAR'], ['1'], ['x']],
  ],
  [
    'a second file without its names',
    { 'a.csv': 'a,b\n1,2\n', 'b.csv': '3,4\n5,6\n' },
    {},
    'BAD_INPUT_DATA b.csv',
  ],
  [
    'a gzip that lacks its end',
    { 'a.csv.gz': gzipSync('a\n1\n2\n').subarray(0, -3) },
    {},
    'BAD_INPUT_DATA a.csv.gz: ',
  ],
  [
    'two gzip members',
    { 'a.csv.gz': Buffer.concat([gzipSync('a\n1\n'), gzipSync('2\n')]) },
    {},
    [['a BIGINT'], ['1'], ['2']],
  ],
  ['two delimiters that are equally likely', 'a,b;c,d;e\n1,2;3,4;5\n', {}, 'BAD_INPUT_DATA a.csv'],
];

const JSONS: readonly Case[] = [
  [
    'numbers beyond a double',
    { 'a.jsonl': '{"n":9007199254740993}\n{"n":9007199254740995}\n' },
    {},
    [['n BIGINT'], ['9007199254740993'], ['9007199254740995']],
  ],
  ['a key that stands twice', { 'a.jsonl': '{"a":1,"a":2}\n' }, {}, 'BAD_INPUT_DATA a.jsonl:1: '],
  [
    'a key that comes late',
    { 'a.jsonl': '{"a":1}\n{"a":2,"b":"x"}\n' },
    {},
    [
      ['a BIGINT', 'b VARCHAR'],
      ['1', null],
      ['2', 'x'],
    ],
  ],
  [
    'text and number in one key',
    { 'a.jsonl': '{"a":"1"}\n{"a":2}\n' },
    {},
    [['a VARCHAR'], ['1'], ['2']],
  ],
  [
    'a text that looks like a number',
    { 'a.json': '[{"a":"007"},{"a":"8"}]' },
    {},
    [['a VARCHAR'], ['007'], ['8']],
  ],
  ['NaN', { 'a.jsonl': '{"a":NaN}\n' }, {}, 'BAD_INPUT_DATA a.jsonl:1: '],
  ['a comma too many', { 'a.json': '[{"a":1},]' }, {}, 'BAD_INPUT_DATA a.json:1: '],
  ['an object that is cut', { 'a.jsonl': '{"a":1}\n{"a":' }, {}, 'BAD_INPUT_DATA a.jsonl:2: '],
  [
    'amounts with two places',
    { 'a.jsonl': '{"a":1.10}\n{"a":2}\n' },
    {},
    [['a DECIMAL(18,2)'], ['1.10'], ['2.00']],
  ],
  [
    'half of a surrogate pair',
    { 'a.jsonl': '{"a":"\\ud800"}\n' },
    {},
    'BAD_INPUT_DATA a.jsonl:1: ',
  ],
  ['objects inside', { 'a.jsonl': '{"a":{"b":1.0}}\n' }, {}, [['a JSON'], ['{"b":1.0}']]],
  [
    'truth and null',
    { 'a.jsonl': '{"a":true}\n{"a":null}\n' },
    {},
    [['a BOOLEAN'], ['true'], [null]],
  ],
  [
    'instants with a zone',
    { 'a.jsonl': '{"t":"2024-03-31T02:30:00+01:00"}\n' },
    {},
    [['t TIMESTAMP WITH TIME ZONE'], ['2024-03-31 01:30:00+00']],
  ],
  ['minus zero', { 'a.jsonl': '{"a":-0}\n{"a":1}\n' }, {}, [['a BIGINT'], ['0'], ['1']]],
];

test.each([...CSV, ...JSONS])('%s', async (_what, given, options, expected) => {
  const files = typeof given === 'string' ? { 'a.csv': given } : given;
  const found = await collected(files, options);
  expect(found).toEqual(
    typeof expected === 'string' ? expect.stringContaining(expected) : expected,
  );
});
