import { expect, test } from '@jest/globals';

import { transformSql } from '../../src/kinds/transform-sql.ts';
import { withAttempt } from '../kinds/harness.ts';

test.each([
  ['18446744073709551617::hugeint', 'DECIMAL(38,0)', '18446744073709551617'],
  ['(select sum(i) from range(100) as t(i))', 'DECIMAL(38,0)', '4950'],
  ["'2024-01-01 10:00:00'::timestamp_s", 'TIMESTAMP', '2024-01-01 10:00:00'],
  ["'12:34:56.123456789'::time_ns", 'VARCHAR', '12:34:56.123456789'],
  ["'0101'::bit", 'VARCHAR', '0101'],
  ["'b'::enum('a', 'b')", 'VARCHAR', 'b'],
  ["interval '1 month 2 days 3 milliseconds'", 'INTERVAL', '1 month 2 days 00:00:00.003'],
  [
    "'2024-01-01 10:00:00.123456789'::timestamp_ns",
    'TIMESTAMP_NS',
    '2024-01-01 10:00:00.123456789',
  ],
  ["'nan'::double", 'DOUBLE', 'nan'],
])('%s is kept as %s', async (expression, type, shown) => {
  for (const order of ['', ' order by x']) {
    await withAttempt({}, async ({ run, rows }) => {
      const sql = `select ${expression} as x${order}`;
      const { outputs } = await run(transformSql, { sql });
      expect(outputs?.['table']?.columns).toEqual([{ name: 'x', type }]);
      const found = await rows(
        outputs?.['table'],
        'select typeof(x) as type, cast(x as varchar) as shown from t',
      );
      expect(found).toEqual([{ type, shown }]);
    });
  }
});

test.each([
  [
    "'12:34:56+02'::timetz",
    /the column 'x' is TIME WITH TIME ZONE, whose values cannot be kept exactly/,
  ],
  ['union_value(a := 1)', /the column 'x' is UNION/],
  ['[12::hugeint]', /the column 'x' is HUGEINT\[\]/],
  ["interval '500 microseconds'", /part of a millisecond/],
  ['340282366920938463463374607431768211455::uhugeint', /DECIMAL/],
])('%s is refused before anything is written', async (expression, said) => {
  await withAttempt({}, async ({ run }) => {
    await expect(run(transformSql, { sql: `select ${expression} as x` })).rejects.toThrow(said);
  });
});
