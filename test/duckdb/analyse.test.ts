import { expect, test } from '@jest/globals';

import { analyse } from '../../src/duckdb/analyse.ts';
import { withSession } from '../../src/duckdb/session.ts';
import { withAttempt } from '../kinds/harness.ts';

import type { Analysis } from '../../src/duckdb/analyse.ts';

async function analysed(text: string): Promise<Analysis> {
  const found: Analysis[] = [];
  await withAttempt({}, async ({ roots }) => {
    const ctx = {
      folder: roots[1] ?? '',
      limits: { threads: 1, memoryBytes: 2 ** 28 },
      signal: new AbortController().signal,
      inputs: {},
      sources: [],
    };
    found.push(await withSession(ctx, (session) => analyse(session, text)));
  });
  const [only] = found;
  if (only === undefined) throw new Error('nothing was analysed');
  return only;
}

test.each([
  'select a.*, b.x as "X" from t a left join u b using (id) where a.n between 1 and 3 and b.x not in (1, 2)',
  "select k, count(*) filter (v > 1) as n, sum(v order by id), string_agg(s, ',' order by s) from t group by all having n > 2",
  'select *, row_number() over (partition by k order by id rows between 1 preceding and current row) as r from t qualify r = 1',
  'with a as (select 1 as n), b as (select n + 1 as n from a) select * from a union all select * from b order by n limit 3',
  "select case when x is null then 'none' else upper(x) end, coalesce(x, y, ''), x::date, try_cast(x as decimal(9, 2)) from t",
  "select list_transform([1, 2, 3], x -> x + 1)[1:2], {'a': 1}.a, map {'k': 1}, struct_pack(a := 1), interval 3 days from t",
  'select distinct on (k) k, v from t where exists (select 1 from u where u.id = t.id) order by k, v desc nulls last',
  "select * exclude (a) replace (b + 1 as b), columns(c -> c like 'x%') from t, unnest([1, 2]) as n(i), range(3)",
  "select date_trunc('month', d), extract(year from d), d at time zone 'UTC', a -> '$.b', a ->> 'c' from t group by grouping sets ((d), (a))",
  "select $p1 as p, 'a' || 'b' like '%b', x similar to 'y.*', not z, -x % 2, x <> all (select 1), x = any ([1]) from t",
  'with recursive r as (select 1 as n union all select n + 1 from r where n < 5) select max(n) from r',
  'select * from (values (1, 2), (3, 4)) v(a, b) asof join t on v.a >= t.a',
  "select x collate nocase, round(y, 2), md5(x), regexp_replace(x, 'a', 'b', 'g'), list_avg(z), split_part(x, ',', 1) from t",
])('knows that nothing but its tables is reached by %s', async (text) => {
  expect((await analysed(text)).reach).toBeUndefined();
});

test.each([
  ['with t as (select * from t) select * from t', ['t']],
  ['with a as (select * from b), b as (select 1) select * from a, b', ['b']],
  ['with a as (select 1) select * from (with a as (select * from c) select * from a), a', ['c']],
  ['with recursive r as (select * from s union all select * from r) select * from r', ['s']],
  ['with recursive r as (select * from r union all select 1) select * from r', ['r']],
  ['select * from a.b, main.c, "D"', ['a.b', 'c', 'D']],
])('finds the tables of %s', async (text, tables) => {
  expect((await analysed(text)).tables).toEqual(tables);
});
