import { expect, test } from '@jest/globals';

import { collectFiles } from '../../src/kinds/collect-files.ts';
import { withAttempt } from './harness.ts';

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
