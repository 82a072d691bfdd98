import { readFile } from 'node:fs/promises';

import { expect, test } from '@jest/globals';

import { exportDataset } from '../../src/kinds/export-dataset.ts';
import { withAttempt } from './harness.ts';

const ORDERS = `select * from (values (2, 'b', NULL), (1, 'a, "quoted"', 1.5), (3, '', 2)) t(id, name, rowid)`;

test('writes each format in the order of the table, also when a column is called rowid', async () => {
  await withAttempt({ tables: { orders: ORDERS } }, async ({ run, rows }) => {
    const options = { from: 'orders', formats: ['parquet', 'csv', 'jsonl'] };
    const { outputs = {}, values } = await run(exportDataset, options);
    const text = (format: string): Promise<string> => readFile(outputs[format]?.path ?? '', 'utf8');
    expect(await text('csv')).toBe('id,name,rowid\n2,b,\n1,"a, ""quoted""",1.5\n3,"",2.0\n');
    expect(
      (await text('jsonl'))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { id: 2, name: 'b', rowid: null },
      { id: 1, name: 'a, "quoted"', rowid: 1.5 },
      { id: 3, name: '', rowid: 2 },
    ]);
    const ids = await rows(outputs['parquet'], 'select id from t');
    expect(ids).toEqual([{ id: 2 }, { id: 1 }, { id: 3 }]);
    expect(values).toEqual({ rows: 3 });
  });
});

test('describes every column in the dictionary, and refuses to describe one that is not there', async () => {
  await withAttempt({ tables: { orders: ORDERS } }, async ({ run }) => {
    const described = { from: 'orders', formats: ['csv'], dictionary: { id: 'the key' } };
    const { outputs = {} } = await run(exportDataset, described);
    const dictionary = JSON.parse(await readFile(outputs['dictionary']?.path ?? '', 'utf8'));
    expect(dictionary.columns).toMatchObject([
      { column: 'id', description: 'the key', nulls: 0, distinct: 3, min: '1', max: '3' },
      { column: 'name', nulls: 0, distinct: 3 },
      { column: 'rowid', nulls: 1, distinct: 2, min: '1.5', max: '2.0' },
    ]);
    await expect(
      run(exportDataset, { from: 'orders', formats: ['csv'], dictionary: { nam: 'typo' } }),
    ).rejects.toThrow("dictionary describes 'nam', which is not a column of orders");
  });
});

test.each([
  ["'nan'::double", 'as is'],
  ["'-inf'::float", 'as is'],
  ["[1.5, 'nan'::double]", 'in a list'],
  ["{'a': 'inf'::double, 'b': 'NaN'}", 'in a struct'],
])('refuses %s %s as JSON Lines, for JSON has no word for it', async (value) => {
  await withAttempt({ tables: { t: `select ${value} as x` } }, async ({ run }) => {
    const work = run(exportDataset, { from: 't', formats: ['jsonl'] });
    await expect(work).rejects.toMatchObject({
      code: 'OUTPUT_UNUSABLE',
      message: expect.stringContaining("the column 'x' has NaN or infinities"),
    });
    await run(exportDataset, { from: 't', formats: ['parquet'] });
  });
});

test('a text or a number that only looks like it is JSON', async () => {
  const tables = {
    t: `select 'NaN' as a, {'b': 'Infinity', 'c': 1.5::double} as x, 2.5::double as d`,
  };
  await withAttempt({ tables }, async ({ run }) => {
    const { outputs } = await run(exportDataset, { from: 't', formats: ['jsonl'] });
    expect(await readFile(outputs?.['jsonl']?.path ?? '', 'utf8')).toBe(
      '{"a":"NaN","x":{"b":"Infinity","c":1.5},"d":2.5}\n',
    );
  });
});

test('JSON inside a table is written as it stands, numbers to their last digit', async () => {
  const tables = {
    t: `select i, '{"k":1.10,\n "b":12345678901234567.25}'::json as o, 'x"\ny' as "s""1", null::json as n from range(3000) t(i)`,
  };
  await withAttempt({ tables }, async ({ run }) => {
    const { outputs } = await run(exportDataset, { from: 't', formats: ['jsonl'] });
    const lines = (await readFile(outputs?.['jsonl']?.path ?? '', 'utf8')).split('\n');
    expect(lines).toHaveLength(3001);
    expect(lines[2999]).toBe(
      '{"i":2999,"o":{"k":1.10,  "b":12345678901234567.25},"s\\"1":"x\\"\\ny","n":null}',
    );
  });
});
