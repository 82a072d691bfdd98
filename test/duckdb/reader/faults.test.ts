import { gzipSync } from 'node:zlib';

import { describe, expect, test } from '@jest/globals';

import { StepError } from '../../../src/model/step-error.ts';
import { readFiles } from './read.ts';

import type { ReadingOptions } from '../../../src/duckdb/reader/reading.ts';

type Files = Readonly<Record<string, string | Uint8Array>>;

async function refusal(files: Files, options: ReadingOptions = {}): Promise<string> {
  const error: unknown = await readFiles(files, options).then(
    (table) => new Error(`read as ${JSON.stringify(table)}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof StepError)) throw error;
  expect(error.code).toBe('BAD_INPUT_DATA');
  return error.message;
}

const bytes = (...parts: readonly (string | readonly number[])[]): Buffer =>
  Buffer.concat(parts.map((part) => Buffer.from(part as string)));

describe('a fault is told with file, line, the line and the option that would help', () => {
  test.each<readonly [string, string | Uint8Array, string]>([
    [
      'too many fields',
      'a,b\n1,2\n3,4,5\n',
      'a.csv:3: 3 fields where the first line has 2: `3,4,5`; lines before',
    ],
    ['too few fields', 'a,b\n1,2\n3\n', 'a.csv:3: 1 field where the first line has 2: `3`'],
    [
      'a delimiter at the end',
      'a,b\n1,2,\n',
      'a.csv:2: 3 fields where the first line has 2: `1,2,`',
    ],
    [
      'a note',
      'a,b\n1,2\n# note\n',
      "a.csv:3: 1 field where the first line has 2: `# note`; if it is a note give `comment: '#'`",
    ],
    [
      'text behind a quote',
      'a,b\n"1"x,2\n',
      'a.csv:2: text follows a closing quote: `"1"x,2`; inside quotes a quote is doubled',
    ],
    [
      'an open quote',
      'a,b\n1,2\n3,"4\n5,6\n',
      'a.csv:3: a quote is opened here and never closed: `3,"4`; if quotes mean nothing',
    ],
    ['a fault behind quoted lines', 'a,b\n"1\n\n",2\n3\n', 'a.csv:5: 1 field'],
    [
      'a NUL byte',
      bytes('a,b\n1,2\n3,', [0], '\n'),
      'a.csv:3: a NUL byte; the file is damaged, or in another encoding',
    ],
    [
      'another encoding',
      bytes('a,b\n1,2\n3,', [0xe9], '\n'),
      'a.csv:3: the line is not UTF-8: `3,\ufffd`; give its `encoding`',
    ],
    ['a letter cut at the end', bytes('a,b\n1,', [0xc3]), 'a.csv:2: the line is not UTF-8'],
    [
      'UTF-16',
      Buffer.from('\ufeffa,b\n1,2\n', 'utf16le'),
      'a.csv:1: the file is UTF-16; give `encoding: utf-16`',
    ],
    [
      'two delimiters',
      'a,b;c\n',
      "a.csv:1: both ',' and ';' stand in the first line: `a,b;c`; say which separates by `delimiter`",
    ],
    ['nothing', '', 'a.csv: the file is empty; its first line was to name the columns'],
    ['a mark of bytes and nothing', '\ufeff\n', 'a.csv: the file is empty'],
  ])('%s', async (_name, content, said) => {
    expect(await refusal({ 'a.csv': content })).toContain(said);
  });

  test('a long line is cut, and control characters are not for the terminal', async () => {
    const message = await refusal({ 'a.csv': `a,b\n\u001b[31m${'x'.repeat(500)}\n` });
    expect(message).toContain('`\ufffd[31mxxx');
    expect(message.length).toBeLessThan(400);
  });

  test('a line that is too long names the option that reads it', async () => {
    const content = `a,b\n1,2\n3,${'x'.repeat(2_100_000)}\n`;
    const said =
      'a.csv:3: the record that begins here is longer than 2000000 bytes; raise `max_line_bytes`';
    expect(await refusal({ 'a.csv': content })).toContain(said);
    const { rows } = await readFiles({ 'a.csv': content }, { max_line_bytes: 3_000_000 });
    expect(rows.map((row) => row.map((value) => value?.length))).toEqual([
      [1, 1],
      [1, 2_100_000],
    ]);
  });

  test.each<readonly [string, string, string]>([
    [
      'a.jsonl',
      '{"a":1}\n{"a":NaN}\n',
      'a.jsonl:2: NaN is no JSON: `{"a":NaN}`; `null_values: [NaN]` reads it as NULL',
    ],
    ['a.jsonl', '{"a":1}\n\n{"a":1,"a":2}\n', "a.jsonl:3: the name 'a' stands twice in one object"],
    ['a.jsonl', '{"a":1}\n{"a":\n', 'a.jsonl:2: no JSON'],
    ['a.jsonl', '{"a":1}\n[1]\n', 'a.jsonl:2: no object, as the records before it are: `[1]`'],
    ['a.jsonl', '{"a":"\\ud800"}\n', 'a.jsonl:1: half of a surrogate pair'],
    ['a.jsonl', '{"a":"\\u0000"}\n', 'a.jsonl:1: a NUL character'],
    ['a.json', '[{"a":1},\n{"a":2}', 'a.json:2: no JSON: the array is never closed'],
    ['a.json', '[{"a":1},\n]', 'a.json:2: no JSON'],
    ['a.json', '[{"a":1}] x', 'a.json:1: no JSON: there is more'],
    ['a.json', '{"a":1} {"a":2}', 'a.json:1: no JSON: there is more'],
    ['a.json', '', 'a.json: it holds no record'],
    ['a.json', '[]', 'a.json: it holds no record, so it has no columns'],
  ])('%s: %j', async (name, content, said) => {
    expect(await refusal({ [name]: content })).toContain(said);
  });
});

describe('a declared type has every value, or the line is named', () => {
  test.each<readonly [string, readonly string[], readonly (string | null)[]]>([
    ['INTEGER', ['7', '007', '+7', '1.0', '1e3', ''], ['7', '7', '7', '1', '1000', null]],
    ['HUGEINT', ['18446744073709551617'], ['18446744073709551617']],
    [
      'DECIMAL(10,2)',
      ['12.5', '.5', '12.500', '7', '1e-2'],
      ['12.50', '0.50', '12.50', '7.00', '0.01'],
    ],
    [
      'DOUBLE',
      ['0.1', '1e400x'.slice(0, 3), 'NaN', '-inf', '12345678901234567890'],
      ['0.1', '10000.0', 'nan', '-inf', '1.2345678901234567e+19'],
    ],
    ['BOOLEAN', ['TRUE', 'f', '1'], ['true', 'false', 'true']],
    ['DATE', ['2024-01-31', '2024-01-31T00:00:00'], ['2024-01-31', '2024-01-31']],
    [
      'TIMESTAMP',
      ['2024-01-31', '2024-01-31T10:00'],
      ['2024-01-31 00:00:00', '2024-01-31 10:00:00'],
    ],
    [
      'TIMESTAMPTZ',
      ['2024-01-31T10:00Z', '2024-01-31 10:00:00+02'],
      ['2024-01-31 10:00:00+00', '2024-01-31 08:00:00+00'],
    ],
    ['TIME', ['10:30', '10:30:00.5'], ['10:30:00', '10:30:00.5']],
    ['UUID', ['A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'], ['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11']],
    ['VARCHAR', ['007', '1.10'], ['007', '1.10']],
  ])('%s: %j', async (type, texts, values) => {
    const csv = ['v,n', ...texts.map((text) => `${text},1`), ''].join('\n');
    const { rows } = await readFiles({ 'a.csv': csv }, { columns: { v: type } });
    expect(rows.map(([value]) => value)).toEqual(values);
  });

  test.each([
    ['INTEGER', '1.6'],
    ['INTEGER', '3000000000'],
    ['TINYINT', '128'],
    ['INTEGER', '1_000'],
    ['INTEGER', ' 5'],
    ['INTEGER', '9007199254740993e-1'],
    ['DECIMAL(10,2)', '1.239'],
    ['DECIMAL(4,2)', '123'],
    ['DECIMAL(10,2)', '1e-3'],
    ['DOUBLE', '1e400'],
    ['DOUBLE', '1_0.5'],
    ['DOUBLE', 'x'],
    ['BOOLEAN', 'yes'],
    ['DATE', '31/12/2023'],
    ['DATE', '2024-02-30'],
    ['DATE', '2024-01-31 10:00:00'],
    ['TIMESTAMP', '2024-01-31T10:00:00Z'],
    ['TIMESTAMP', '2024-01-31 10:00:00.1234567'],
    ['TIMESTAMPTZ', '2024-01-31 10:00:00'],
    ['TIME', '10:30:00.1234567'],
    ['UUID', 'a0eebc99'],
    ['INTERVAL', '1 month x'],
  ])('%s has no %s', async (type, text) => {
    const csv = `v,n\n${text},1\n`;
    expect(await refusal({ 'a.csv': csv }, { columns: { v: type } })).toMatch(
      /^a\.csv:2: column 'v': `.*` is no [A-Z]/,
    );
  });

  test('the first ten lines are named, in the order of the files', async () => {
    const file = (from: number): string =>
      [
        'v,w',
        ...Array.from({ length: 8 }, (_, n) => `${n % 2 === 0 ? from + n : 'x'},"a\nb"`),
        '',
      ].join('\n');
    const files = { 'a.csv': file(0), 'b.csv': file(10), 'c.csv': file(20) };
    const lines = (await refusal(files, { columns: { v: 'INTEGER' } })).split('\n');
    expect(lines).toHaveLength(11);
    expect(lines[0]).toBe("a.csv:4: column 'v': `x` is no INTEGER");
    expect(lines[1]).toMatch(/^a\.csv:8: /);
    expect(lines[4]).toMatch(/^b\.csv:4: /);
    expect(lines[10]).toBe('(the first ten)');
  });
});

describe('several files', () => {
  test('types are those of all, and a file without rows or lines has no vote', async () => {
    const files = {
      'a.csv': 'id,v\n',
      'b.csv': '',
      'c.csv': 'v,id\n1.5,1\n',
      'd.csv': 'id,w\n2,x\n',
    };
    expect(await readFiles(files)).toEqual({
      types: { id: 'BIGINT', v: 'DECIMAL(18,1)', w: 'VARCHAR' },
      rows: [
        ['1', '1.5', null],
        ['2', null, 'x'],
      ],
      log: ['b.csv is empty; it is left out'],
    });
  });

  test.each<readonly [ReadingOptions, Files, string]>([
    [
      {},
      { 'a.csv': 'id,v\n1,2\n', 'b.csv': '3,4\n5,6\n' },
      "b.csv: its first line names none of the columns of a.csv: it has '3', '4', not 'id', 'v'",
    ],
    [
      { same_columns: true },
      { 'a.csv': 'id,v\n', 'b.csv': 'id,w\n' },
      "b.csv: its columns are not those of a.csv: it lacks 'v', it has 'w' besides",
    ],
    [
      { columns: { v: 'INTEGER' } },
      { 'a.csv': 'id,v\n', 'b.csv': 'id\n1\n' },
      "b.csv: there is no column 'v', which is declared; the file has 'id'",
    ],
    [
      { columns: { id: 'INTEGER' }, other_columns: 'refuse' },
      { 'a.csv': 'id,v\n' },
      "a.csv: columns that are not declared: 'v'",
    ],
  ])('%j refuses %j', async (options, files, said) => {
    expect(await refusal(files, options)).toContain(said);
  });

  test('a column may be optional, and names are those of SQL: without regard to case', async () => {
    const options = { columns: { V: { type: 'INTEGER', optional: true } } };
    const { types, rows } = await readFiles(
      { 'a.csv': 'id,v\n1,2\n', 'b.csv': 'ID\n3\n' },
      options,
    );
    expect([types, rows]).toEqual([
      { id: 'BIGINT', v: 'INTEGER' },
      [
        ['1', '2'],
        ['3', null],
      ],
    ]);
  });
});

describe('every part of the dialect is an option', () => {
  test.each<
    readonly [ReadingOptions, string | Uint8Array, readonly (readonly (string | null)[])[]]
  >([
    [{ quote: "'" }, "a,b\n'x,y','it''s'\n", [['x,y', "it's"]]],
    [{ quote: 'none' }, 'a,b\n"x,y"\n', [['"x', 'y"']]],
    [{ escape: '\\' }, 'a,b\n"x\\"y","c:\\new\\\\"\n', [['x"y', 'c:\\new\\']]],
    [{ comment: '#' }, '# one\na,b\n#x\n1x,#2\n', [['1x', '#2']]],
    [{ skip: 2 }, 'report\n\na,b\nx,y\n', [['x', 'y']]],
    [{ skip_end: 1 }, 'a,b\nx,y\nTotal;1\n', [['x', 'y']]],
    [
      { header: false },
      'x,y\nz,w\n',
      [
        ['x', 'y'],
        ['z', 'w'],
      ],
    ],
    [{ delimiter: '||' }, 'a||b\nx|y||z\n', [['x|y', 'z']]],
    [{ encoding: 'latin-1' }, bytes('a,b\nx,', [0xe9], '\n'), [['x', 'é']]],
    [{ encoding: 'windows-1252' }, bytes('a,b\nx,', [0x80], '\n'), [['x', '€']]],
    [{ encoding: 'utf-16' }, Buffer.from('\ufeffa,b\nx,é\n', 'utf16le'), [['x', 'é']]],
    [{}, 'sep=;\na;b\nx;y\n', [['x', 'y']]],
    [{}, '\ufeffa,b\nx,y\n', [['x', 'y']]],
    [
      {},
      'a,b\r\nx,y\nz,w\rq,r',
      [
        ['x', 'y'],
        ['z', 'w'],
        ['q', 'r'],
      ],
    ],
    [{}, 'a,b\n\nx,y\n\n', [['x', 'y']]],
    [{}, 'a\nx\n\ny\n', [['x'], [null], ['y']]],
    [
      {},
      'a,b\nx,""\n,y\n',
      [
        ['x', ''],
        [null, 'y'],
      ],
    ],
    [{}, 'a,b\n5" pipe,x\n', [['5" pipe', 'x']]],
  ])('%j', async (options, content, rows) => {
    expect((await readFiles({ 'a.csv': content }, options)).rows).toEqual(rows);
  });

  test('names that are empty or stand twice become names that clash with none', async () => {
    const { types } = await readFiles({ 'a.csv': 'id,,ID,id_1,column_2,\n1,2,3,4,5,6\n' });
    expect(Object.keys(types)).toEqual([
      'id',
      'column_2_1',
      'ID_2',
      'id_1',
      'column_2',
      'column_6',
    ]);
  });

  test('without names a file takes those that are declared, if there are as many', async () => {
    const options = { header: false, columns: { id: 'INTEGER', name: 'VARCHAR' } };
    expect((await readFiles({ 'a.csv': '1,x\n' }, options)).types).toEqual({
      id: 'INTEGER',
      name: 'VARCHAR',
    });
  });
});

describe('JSON keeps what is written', () => {
  test('numbers by their text, keys that come late, nested values, and texts as texts', async () => {
    const lines = [
      '{"n":12345678901234567890,"p":1.10,"s":"1","x":1,"o":{"k":1.10,"l":[1, 2]},"t":"2024-01-31"}',
      '{"n":1,"p":2.5,"s":"2","x":"a","o":"text","t":"2024-02-01","late":true}',
    ];
    const expected = {
      types: {
        n: 'DECIMAL(38,0)',
        p: 'DECIMAL(18,2)',
        s: 'VARCHAR',
        x: 'VARCHAR',
        o: 'JSON',
        t: 'DATE',
        late: 'BOOLEAN',
      },
      rows: [
        ['12345678901234567890', '1.10', '1', '1', '{"k":1.10,"l":[1, 2]}', '2024-01-31', null],
        ['1', '2.50', '2', 'a', '"text"', '2024-02-01', 'true'],
      ],
    };
    const texts = { 'a.jsonl': lines.join('\n'), 'a.json': `[${lines.join(',\n')}]` };
    for (const [name, text] of Object.entries(texts)) {
      expect(await readFiles({ [name]: text })).toMatchObject(expected);
      expect(await readFiles({ [`${name}.gz`]: gzipSync(`\ufeff${text}`) })).toMatchObject(
        expected,
      );
    }
    expect(await readFiles({ 'a.json': lines.join('\n') })).toMatchObject(expected);
  });

  test('many keys stay many columns, and a declared text is what stands in the file', async () => {
    const keys = Array.from({ length: 300 }, (_, n) => `"k${n}":9007199254740993`);
    const { types, rows } = await readFiles({ 'a.jsonl': `{${keys.join(',')}}` });
    expect(new Set(Object.values(types))).toEqual(new Set(['BIGINT']));
    expect(new Set(rows[0])).toEqual(new Set(['9007199254740993']));
    const text = '{"ts":"2024-01-05T10:00:00+02:00","n":1.10,"o":[1, 2]}';
    const columns = { ts: 'VARCHAR', n: 'VARCHAR', o: 'VARCHAR' };
    expect((await readFiles({ 'a.jsonl': text }, { columns })).rows).toEqual([
      ['2024-01-05T10:00:00+02:00', '1.10', '[1, 2]'],
    ]);
  });

  test('NaN is NULL where the definition says so', async () => {
    const text = '{"a":NaN,"b":"NaN"}\n{"a":1.5,"b":"x"}\n';
    const { rows } = await readFiles({ 'a.jsonl': text }, { null_values: ['NaN'] });
    expect(rows).toEqual([
      [null, 'NaN'],
      ['1.5', 'x'],
    ]);
  });
});
