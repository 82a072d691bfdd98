import { expect, test } from '@jest/globals';

import { transformSql } from '../../../src/kinds/transform-sql.ts';
import { withAttempt } from '../../kinds/harness.ts';
import { STEADY } from './corpus.ts';

/** Every value is there once, every group is one row, and doubles are whole: each query has one answer. */
const TABLES = {
  ties: `select i as id, (i * 7) % 101 as k, (i * 31) % 101 as v, ((i * 13) % 101)::double as d,
    'n' || (i * 5) % 101 as name, date '2024-01-01' + ((i * 17) % 101)::integer as day from range(101) t(i)`,
  few: `select i as id, i as k, 'f' || i as label, i::double as d from range(40) t(i)`,
};
/** Any row is an answer to them, or any order of all rows. */
const FREE =
  /^select first\(id\) as f|limit 1000|row_number\(\) over \(\) |select distinct v|asof|order by n desc|order by count/;

test.each(STEADY.filter((sql) => !FREE.test(sql)))(
  'answers what the query answers where nothing ties: %s',
  async (sql) => {
    await withAttempt({ tables: TABLES }, async ({ run, rows }) => {
      const sorted = 'select * from t order by all';
      const own = await run(transformSql, { sql, ordered: false });
      const made = await run(transformSql, { sql });
      expect(made.outputs?.['table']?.columns).toEqual(own.outputs?.['table']?.columns);
      const answer = await rows(own.outputs?.['table'], sorted);
      expect(await rows(made.outputs?.['table'], sorted)).toEqual(answer);
    });
  },
);
