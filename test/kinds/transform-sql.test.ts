import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { expect, test } from '@jest/globals';

import { transformSql } from '../../src/kinds/transform-sql.ts';
import { untilBusy } from '../harness/until-busy.ts';
import { withAttempt } from './harness.ts';

const ORDERS = 'select i as id, i % 7 as k, (i * 7919) % 101 as v from range(50000) t(i)';

test('keeps the order of the query, else orders by all columns', async () => {
  await withAttempt(
    { tables: { orders: 'select * from (values (2), (3), (1)) t(id)' } },
    async ({ run, rows }) => {
      const own = await run(transformSql, { sql: 'select id from orders order by id desc' });
      expect(await rows(own.outputs?.['table'])).toEqual([{ id: 3 }, { id: 2 }, { id: 1 }]);
      const any = await run(transformSql, { sql: 'select id from orders;' });
      expect(await rows(any.outputs?.['table'])).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
    },
  );
});

test('keeps the order of the query when a column is called rowid', async () => {
  const tables = { orders: 'select i as id from range(200000) t(i)' };
  await withAttempt({ tables }, async ({ run, rows }) => {
    const sql = 'select id, -id as "RowId", 1 as place from orders order by id';
    const { outputs } = await run(transformSql, { sql });
    const wrong =
      'select count(*) as n from (select id, row_number() over () - 1 as i from t) where id <> i';
    expect(await rows(outputs?.['table'], wrong)).toEqual([{ n: '0' }]);
    expect(await rows(outputs?.['table'], 'select * from t limit 1')).toEqual([
      { id: '0', RowId: '0', place: 1 },
    ]);
  });
});

test('gives the same bytes with 1, 2 and 8 threads and little memory', async () => {
  await withAttempt({ tables: { orders: ORDERS } }, async ({ run }) => {
    const hashes = new Set<string>();
    for (const threads of [1, 2, 8]) {
      for (const megabytes of [64, 512]) {
        const { outputs } = await run(
          transformSql,
          {
            sql: 'select a.k, count(*) as n, sum(a.v) as total from orders a join orders b using (id) group by a.k',
          },
          { limits: { threads, memoryBytes: megabytes * 1024 * 1024 } },
        );
        hashes.add(
          createHash('sha256')
            .update(await readFile(outputs?.['table']?.path ?? ''))
            .digest('hex'),
        );
      }
    }
    expect(hashes.size).toBe(1);
  });
});

test('makes several outputs of one step', async () => {
  await withAttempt({ tables: { orders: ORDERS } }, async ({ run }) => {
    const { outputs } = await run(transformSql, {
      outputs: {
        even: 'select id from orders where id % 2 = 0',
        odd: 'select id from orders where id % 2 = 1',
      },
    });
    expect([outputs?.['even']?.rows, outputs?.['odd']?.rows]).toEqual([25_000, 25_000]);
  });
});

test.each([
  ['select * from nowhere', 'SQL_ERROR', /no table 'nowhere'; visible here: orders/],
  ['select idd from orders', 'SQL_ERROR', /line 1, column 8: .*idd/],
  ['select id from orders where\n  kk = 1', 'SQL_ERROR', /line 2, column 3/],
  ['selec id', 'SQL_ERROR', /syntax error/],
  ['select 1; select 2', 'SQL_NOT_ALLOWED', /2 statements/],
  ['drop table orders', 'SQL_ERROR', /one SELECT/],
  ['select random() as r', 'SQL_NOT_ALLOWED', /random\(\) differs from run to run/],
  ['select current_date as d from orders', 'SQL_NOT_ALLOWED', /current_date/],
  ["select * from read_csv('/etc/passwd')", 'SQL_NOT_ALLOWED', /read_csv\(\) reaches outside/],
  ["select * from '/etc/passwd'", 'SQL_ERROR', /no table/],
  ['select * from orders using sample 10', 'SQL_NOT_ALLOWED', /sample/],
  ['select * from orders tablesample bernoulli(10%)', 'SQL_NOT_ALLOWED', /sample/],
  ['select * from (select * from orders using sample 5 rows) s', 'SQL_NOT_ALLOWED', /sample/],
  ['select age(current_date::timestamp) as a', 'SQL_NOT_ALLOWED', /age\(\) of one argument/],
  ["select age(timestamp '2000-01-01') as a", 'SQL_NOT_ALLOWED', /age\(\) of one argument/],
  ['select ago(interval 2 day) as a', 'SQL_NOT_ALLOWED', /ago\(\)/],
  ['select today() as a', 'SQL_NOT_ALLOWED', /today\(\)/],
  ['select localtimestamp as a', 'SQL_NOT_ALLOWED', /localtimestamp/],
  ['select current_localtime() as a', 'SQL_NOT_ALLOWED', /current_localtime\(\)/],
  ['select pg_conf_load_time() as a', 'SQL_NOT_ALLOWED', /pg_conf_load_time\(\)/],
  ['select pg_postmaster_start_time() as a', 'SQL_NOT_ALLOWED', /pg_postmaster_start_time\(\)/],
  ['select current_query_id() as a', 'SQL_NOT_ALLOWED', /current_query_id\(\)/],
  ['select current_transaction_id() as a', 'SQL_NOT_ALLOWED', /current_transaction_id\(\)/],
  ['select current_connection_id() as a', 'SQL_NOT_ALLOWED', /current_connection_id\(\)/],
  ["select id from orders where id > (select nextval('s'))", 'SQL_NOT_ALLOWED', /nextval\(\)/],
])('refuses %s', async (sql, code, message) => {
  await withAttempt({ tables: { orders: ORDERS } }, async ({ run }) => {
    await expect(run(transformSql, { sql })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });
});

test.each([
  ["select age(timestamp '2024-01-01', timestamp '2000-01-01')::varchar as a", '24 years'],
  ["select version() = version() and current_user = 'duckdb' as a", true],
  ["select timestamptz '2024-01-01 00:00:00+02' :: varchar as a", '2023-12-31 22:00:00+00'],
  ["select '2024-01-01 00:00:00'::timestamptz::varchar as a", '2024-01-01 00:00:00+00'],
  ["select case when false then error('no') else 'yes' end as a", 'yes'],
])('takes what is the same in every run: %s', async (sql, a) => {
  await withAttempt({}, async ({ run, rows }) => {
    const { outputs } = await run(transformSql, { sql });
    expect(await rows(outputs?.['table'])).toEqual([{ a }]);
  });
});

test('tells no place in a query that was completed, for it would be another in what stands in the profile', async () => {
  await withAttempt({ tables: { orders: ORDERS } }, async ({ run }) => {
    const cast = "sum(case when id = 77 then 'x' else '1' end :: integer)";
    await expect(run(transformSql, { sql: `select ${cast} as n from orders` })).rejects.toThrow(
      /^line 1, column \d+: .*'x'/,
    );
    const sql = `select first(v) as f, ${cast} as n from orders`;
    await expect(run(transformSql, { sql })).rejects.toThrow(/^(?!line).*'x'/);
  });
});

test('points out aggregates that no order can repair, and takes those that are ordered', async () => {
  await withAttempt({ tables: { orders: ORDERS } }, async ({ run, log }) => {
    await run(transformSql, {
      sql: "select k, first(v) as f, string_agg(v::varchar, ',' order by id) as s from orders group by k",
    });
    const notes = log.filter((line) => line.startsWith('note:'));
    expect(notes).toEqual([expect.stringContaining('first()')]);
  });
});

test('stops a running query when it is told to', async () => {
  await withAttempt({ tables: { orders: ORDERS } }, async ({ run }) => {
    const stop = new AbortController();
    const running = run(
      transformSql,
      { sql: 'select count(*) as n from orders a, orders b, orders c where a.v + b.v + c.v = 1' },
      { signal: stop.signal },
    );
    void untilBusy().then(() => stop.abort());
    await expect(running).rejects.toThrow(/interrupted/);
  });
});
