import { expect, test } from '@jest/globals';

import { withAttempt } from '../activities/harness.ts';
import { transformHead } from './example-table-kind.ts';

test('keeps the first rows, in the order of the table', async () => {
  const tables = { orders: 'select * from (values (3), (1), (2)) t(id)' };
  await withAttempt({ tables }, async ({ run, rows, log }) => {
    const { outputs, values } = await run(transformHead, { table: 'orders', rows: 2 });
    expect(await rows(outputs?.['table'])).toEqual([{ id: 3 }, { id: 1 }]);
    expect([values, log]).toEqual([{ rows: 2 }, ['kept 2 of 3 rows']]);
  });
});
