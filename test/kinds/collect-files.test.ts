import { DuckDBInstance } from '@duckdb/node-api';
import { expect, test } from '@jest/globals';

import { hashFile } from '../../src/os/hashing.ts';
import { collectFiles } from '../../src/kinds/collect-files.ts';
import { withAttempt } from './harness.ts';

import type { StepDefinition } from '../../src/kinds/contract.ts';

test.each([
  ['a.csv', 'id,name\n2,b\n1,a\n'],
  ['a.csv', 'id;name\n2;b\n1;a\n'],
  ['a.tsv', 'id\tname\n2\tb\n1\ta\n'],
  ['a.json', '[{"id":2,"name":"b"},{"id":1,"name":"a"}]'],
  ['a.jsonl', '{"id":2,"name":"b"}\n{"id":1,"name":"a"}\n'],
])('reads %s in the order of the file', async (name, text) => {
  await withAttempt({ files: { [name]: text } }, async ({ path, run, rows }) => {
    const { outputs, rows: counted } = await run(collectFiles, { from: path(name) });
    expect(await rows(outputs?.['table'], 'select id::int as id, name from t')).toEqual([
      { id: 2, name: 'b' },
      { id: 1, name: 'a' },
    ]);
    expect(counted).toEqual({ in: 2, out: 2 });
  });
});

test('joins the files of a glob by column name, and can tell which file a row came from', async () => {
  const files = {
    'in/b.csv': 'id,extra\n2,x\n',
    'in/a.csv': 'id\n1\n',
    'in/.hidden.csv': 'id\n9\n',
  };
  await withAttempt({ files }, async ({ path, run, rows }) => {
    const { outputs } = await run(collectFiles, {
      from: path('in/*.csv'),
      filename_column: 'file',
    });
    expect(await rows(outputs?.['table'], 'select id::int as id, extra, file from t')).toEqual([
      { id: 1, extra: null, file: 'a.csv' },
      { id: 2, extra: 'x', file: 'b.csv' },
    ]);
  });
});

test('keeps the types it is told', async () => {
  await withAttempt({ files: { 'a.csv': 'zip,amount\n01234,1.10\n' } }, async ({ path, run }) => {
    const { outputs } = await run(collectFiles, {
      from: path('a.csv'),
      types: { zip: 'VARCHAR', amount: 'DECIMAL(10, 2)' },
    });
    expect(outputs?.['table']?.columns).toEqual([
      { name: 'zip', type: 'VARCHAR' },
      { name: 'amount', type: 'DECIMAL(10,2)' },
    ]);
  });
});

test.each([
  [
    { 'a.csv': 'id,name\n1,a\n2,b,c,d\n' },
    'a.csv',
    'BAD_INPUT_DATA',
    /a\.csv:3: 4 fields where the first line has 2/,
  ],
  [{ 'a.json': '{"id": ' }, 'a.json', 'BAD_INPUT_DATA', /a\.json:1: no JSON/],
  [{ 'a.parquet': 'not one' }, 'a.parquet', 'BAD_INPUT_DATA', /a\.parquet cannot be read/],
  [{ 'a.xyz': '' }, 'a.xyz', 'BAD_INPUT_DATA', /cannot be told from its name/],
  [{}, 'none.csv', 'FILE_NOT_FOUND', /none\.csv does not exist/],
  [{}, 'in/*.csv', 'FILE_NOT_FOUND', /no file matches/],
])('says what is wrong with %j', async (files, name, code, message) => {
  await withAttempt({ files: files }, async ({ path, run }) => {
    await expect(run(collectFiles, { from: path(name) })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });
});

test('takes columns from folders and from paths, typed like all others', async () => {
  const files = { 'in/y=2024/m=01/d.csv': 'id\n1\n', 'in/y=2025/m=a%20b/d.csv': 'id\n2\n' };
  await withAttempt({ files }, async ({ path, run, rows }) => {
    const from = path('in/**/*.csv');
    const filename_column = { name: 'file', path: true };
    const { outputs } = await run(collectFiles, { from, hive: true, filename_column });
    expect(outputs?.['table']?.columns?.map(({ type }) => type)).toEqual([
      'BIGINT',
      'BIGINT',
      'VARCHAR',
      'VARCHAR',
    ]);
    expect(await rows(outputs?.['table'], 'select y::int as y, m, file from t')).toEqual([
      { y: 2024, m: '01', file: 'y=2024/m=01/d.csv' },
      { y: 2025, m: 'a b', file: 'y=2025/m=a%20b/d.csv' },
    ]);
    const clash = run(collectFiles, { from, filename_column: 'ID' });
    await expect(clash).rejects.toMatchObject({ code: 'BAD_OPTION' });
  });
});

test('says when a type is another than before, or refuses it', async () => {
  await withAttempt({ files: { 'a.csv': 'id,v\n1,x\n' } }, async ({ path, run }) => {
    const before = [
      { name: 'id', type: 'BIGINT' },
      { name: 'v', type: 'DECIMAL(18,2)' },
    ];
    const about = { previousColumns: () => Promise.resolve(before) };
    const from = path('a.csv');
    const { conditions } = collectFiles as unknown as StepDefinition<unknown>;
    const warningOf = async (options: object): Promise<string | undefined> => {
      const { outputs } = await run(collectFiles, { from, ...options }, about);
      const columns = { table: outputs?.['table']?.columns ?? [] };
      const ctx = { ...about, previousRows: {}, log: () => undefined };
      return (await conditions?.(options, { values: {}, columns }, ctx))?.warning;
    };
    expect(await warningOf({})).toMatch(/^column 'v' is VARCHAR, it was DECIMAL\(18,2\)/);
    expect(await warningOf({ types_changed: 'allow' })).toBeUndefined();
    expect(await warningOf({ columns: { v: 'VARCHAR' } })).toBeUndefined();
    const refused = run(collectFiles, { from, types_changed: 'fail' }, about);
    await expect(refused).rejects.toMatchObject({ code: 'BAD_INPUT_DATA' });
  });
});

test('gives the same bytes for one thread and for eight, and for little memory', async () => {
  const text = ['id,v', ...Array.from({ length: 300_000 }, (_, n) => `${n},${n}.5`), ''].join('\n');
  await withAttempt({ files: { 'a.csv': text } }, async ({ path, run }) => {
    const hashes = new Set<string>();
    for (const [threads, megabytes] of [
      [1, 512],
      [8, 512],
      [2, 200],
    ] as const) {
      const limits = { threads, memoryBytes: megabytes * 2 ** 20 };
      const { outputs } = await run(collectFiles, { from: path('a.csv') }, { limits });
      hashes.add(await hashFile(outputs?.['table']?.path ?? ''));
    }
    expect(hashes.size).toBe(1);
  });
});

test.each([
  [
    { 'a.parquet': 'select 1::tinyint as v', 'b.parquet': 'select 70000::bigint as v' },
    {},
    'BIGINT',
  ],
  [
    { 'a.parquet': 'select 1.5::decimal(4,1) as v', 'b.parquet': 'select 2::decimal(9,3) as v' },
    {},
    'DECIMAL(9,3)',
  ],
  [{ 'a.parquet': 'select 1.0::double as v' }, { types: { v: 'INTEGER' } }, 'INTEGER'],
])('reads Parquet %j with %j as %s', async (files, options, type) => {
  await withAttempt({ files: { 'in/x': '' } }, async ({ path, run }) => {
    await parquet(files, path);
    const { outputs } = await run(collectFiles, { from: path('in/*.parquet'), ...options });
    expect(outputs?.['table']?.columns).toEqual([{ name: 'v', type }]);
  });
});

test.each([
  [
    { 'a.parquet': 'select 1::bigint as v', 'b.parquet': 'select 0.5::double as v' },
    {},
    /b\.parquet: column 'v' is DOUBLE, in the files before it is BIGINT/,
  ],
  [
    { 'a.parquet': 'select 1.6::double as v' },
    { types: { v: 'INTEGER' } },
    /column 'v': `1\.6` is no INTEGER/,
  ],
])('refuses Parquet %j with %j', async (files, options, said) => {
  await withAttempt({ files: { 'in/x': '' } }, async ({ path, run }) => {
    await parquet(files, path);
    const work = run(collectFiles, { from: path('in/*.parquet'), ...options });
    await expect(work).rejects.toThrow(said);
  });
});

/** Writes the results of queries as files below `in/`. */
async function parquet(
  files: Readonly<Record<string, string | undefined>>,
  path: (name: string) => string,
): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  for (const [name, sql] of Object.entries(files)) {
    if (sql !== undefined) await connection.run(`copy (${sql}) to '${path(`in/${name}`)}'`);
  }
  connection.closeSync();
  instance.closeSync();
}
