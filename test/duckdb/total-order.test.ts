import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { expect, test } from '@jest/globals';

import { analyse } from '../../src/duckdb/analyse.ts';
import { inTotalOrder } from '../../src/duckdb/total-order.ts';
import { withSession } from '../../src/duckdb/session.ts';
import { transformSql } from '../../src/kinds/transform-sql.ts';
import { withAttempt } from '../kinds/harness.ts';

import type { Attempt } from '../kinds/harness.ts';

/** Far more rows than keys, in more than one row group, so that ties and threads show. */
const TIES = 'select i as id, i % 10 as k, (i * 7919) % 101 as v from range(300000) t(i)';

async function bytes(run: Attempt['run'], sql: string, threads: number, megabytes: number) {
  const limits = { threads, memoryBytes: megabytes * 1024 * 1024 };
  const { outputs } = await run(transformSql, { sql }, { limits });
  return createHash('sha256')
    .update(await readFile(outputs?.['table']?.path ?? ''))
    .digest('hex');
}

test.each([
  'select * from ties order by k',
  'select * from ties order by k desc limit 200000',
  'select * from ties order by k limit 150000 offset 1000',
  'select * from ties limit 7',
  'select * from ties offset 250000',
  'select distinct on (k) k, id, v from ties order by k, v',
  'select distinct on (k) * from ties',
  'select k, v from ties union all select v, k from ties order by k',
  'with t as (select * from ties) select v from t order by v fetch first 9 rows only',
])('gives the same bytes for %s, whatever the threads and the memory', async (sql) => {
  await withAttempt({ tables: { ties: TIES } }, async ({ run }) => {
    const all = new Set<string>();
    for (const threads of [1, 2, 8]) {
      for (const megabytes of [100, 512]) all.add(await bytes(run, sql, threads, megabytes));
    }
    expect(all.size).toBe(1);
  });
});

test.each([
  ['select a, b from t order by a', 'select a, b from t order by a , 1, 2'],
  ['select a from t order by a desc limit 3', 'select a from t order by a desc , 1 limit 3'],
  ['select a from t order by a -- limit 1', 'select a from t order by a -- limit 1 , 1'],
  ["select 'limit' as a from t limit 3", "select 'limit' as a from t order by all limit 3"],
  ['from t order by all', 'from t order by all'],
  ['(select a from t order by a)', undefined],
])('completes %s', async (text, whole) => {
  const told = await completed(text);
  expect(told?.replaceAll(/\s+/g, ' ').trim()).toBe(whole);
});

async function completed(text: string): Promise<string | undefined> {
  let whole: string | undefined;
  await withAttempt({}, async ({ run, roots }) => {
    void run;
    const ctx = {
      folder: roots[0] ?? '',
      limits: { memoryBytes: 2 ** 28, threads: 2 },
      signal: new AbortController().signal,
      inputs: {},
      sources: [],
    };
    whole = await withSession(ctx, async (session) => {
      await session.run('create temp table t (a integer, b integer)');
      const query = await analyse(session, text);
      const sql = { text: query.text, binds: {} };
      return inTotalOrder(session, query, (await session.describe(sql)).length);
    });
  });
  return whole;
}

test.each([
  'select id from ties order by id; -- the end; really',
  "select id, ';--' as s from ties order by id /* ; */ ; ;",
  'select id from ties where id < 5 -- a note',
])('takes what stands behind a query for no part of it: %s', async (sql) => {
  await withAttempt({ tables: { ties: TIES } }, async ({ run }) => {
    const { outputs } = await run(transformSql, { sql });
    expect(outputs?.['table']?.columns?.[0]).toEqual({ name: 'id', type: 'BIGINT' });
  });
});

test('breaks ties of the own order by all columns, and chooses among them the same way', async () => {
  await withAttempt({ tables: { ties: TIES } }, async ({ run, rows }) => {
    const own = await run(transformSql, { sql: 'select k, id from ties order by k desc limit 3' });
    expect(await rows(own.outputs?.['table'])).toEqual([
      { k: '9', id: '9' },
      { k: '9', id: '19' },
      { k: '9', id: '29' },
    ]);
  });
});
