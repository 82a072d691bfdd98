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
