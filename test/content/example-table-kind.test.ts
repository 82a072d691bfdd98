import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { expect, test } from '@jest/globals';

import { withAttempt } from '../kinds/harness.ts';
import { transformTop } from './example-table-kind.ts';

const ORDERS = 'select i as id, (i * 7919) % 101 as amount from range(5000) t(i)';

test('keeps the greatest, and tells which columns there are', async () => {
  const tables = { orders: 'select * from (values (1, 20), (2, 30), (3, 10)) t(id, amount)' };
  await withAttempt({ tables }, async ({ run, rows, log }) => {
    const { outputs } = await run(transformTop, { table: 'orders', by: 'Amount', rows: 2 });
    expect(await rows(outputs?.['table'], 'select id from t')).toEqual([{ id: 2 }, { id: 1 }]);
    expect(log).toEqual(['kept 2 of 3 rows']);
    await expect(run(transformTop, { table: 'orders', by: 'amuont', rows: 2 })).rejects.toThrow(
      "by: there is no column 'amuont'; the table has id, amount",
    );
  });
});

test('gives the same bytes with one thread and with four', async () => {
  await withAttempt({ tables: { orders: ORDERS } }, async ({ run }) => {
    const hashes = new Set<string>();
    for (const threads of [1, 4]) {
      const options = { table: 'orders', by: 'amount', rows: 100 };
      const { outputs } = await run(transformTop, options, {
        limits: { threads, memoryBytes: 2 ** 28 },
      });
      const bytes = await readFile(outputs?.['table']?.path ?? '');
      hashes.add(createHash('sha256').update(bytes).digest('hex'));
    }
    expect(hashes.size).toBe(1);
  });
});
