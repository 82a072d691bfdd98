import { expect, test } from '@jest/globals';

import { bindProblems } from '../../../src/definition/bind.ts';
import { checkDefinition } from '../../../src/definition/check.ts';
import { withBinder } from '../../../src/duckdb/bind-query.ts';
import { KINDS } from '../../../src/kinds/index.ts';

const HEAD = `profile: p
steps:
  orders:
    uses: transform.sql
    with:
      sql: select 1::bigint as order_id, 'US' as country, 1.5::decimal(10, 2) as amount, date '2026-01-01' as ordered_on
  loose: { uses: collect.files, with: { from: l.csv, types: { country: VARCHAR, ordered_on: DATE } } }
  things: { uses: exec.command, with: { command: [make], outputs: { table: { path: t.csv }, big: { path: b.csv } } } }
`;
const JOB = `job: j
profile: p
params:
  n: { type: integer, default: 3 }
  d: { type: date, default: 2026-01-01 }
  r: { type: number, default: 1 }
`;

test.each([
  'select * from orders',
  "select * from ORDERS where Country = 'x'",
  'select * from orders order by all limit ${{ params.n }}',
  'from orders select order_id',
  'select * from orders;  -- done',
  'with recursive t(n) as (select 1 union all select n + 1 from t where n < 5) select * from t',
  'select country, sum(amount) * ${{ params.r }} as s from orders group by all having s > 1',
  'select *, row_number() over (partition by country order by order_id) as n from orders qualify n = 1',
  'select lead(amount) over w, ntile(4) over w from orders window w as (order by order_id)',
  'select o.* exclude (country), p.country as c from orders o left join orders p using (order_id)',
  'select * replace (upper(country) as country) from orders',
  "select columns('^o.*') from orders",
  'unpivot (select order_id, amount::bigint as amount from orders) on order_id, amount into name n value v',
  'select list_transform([1, 2], x -> x + 1), {a: 1}.a, [1, 2, 3][1:2], map {1: 2}[1]',
  'select unnest([1, 2]) as x from orders',
  'select * from range(5) t(i)',
  'select * from generate_series(1, ${{ params.n }})',
  "select regexp_replace(country, 'a', 'b', 'g'), strftime(ordered_on, '%Y') from orders",
  'select * from orders where ordered_on >= ${{ params.d }} and ordered_on < cast(${{ params.d }} as date) + interval 1 month',
  "select coalesce(amount, 0), nullif(country, ''), case when amount > 1 then 1 else 2 end from orders",
  'select try_cast(country as integer), country::integer, amount::double from orders',
  "select count(*) filter (where amount > 1), string_agg(country, ',' order by country) from orders",
  "select extract(year from ordered_on), date_trunc('month', ordered_on), ordered_on + 1 from orders",
  "select json_extract('{\"a\": 1}', '$.a'), '{\"a\": 1}'::json ->> 'a'",
  'select anything, o.more, upper(name) as name from loose o where "Odd Name" > 3 order by anything',
  'select l.x, o.amount from loose l join orders o on l.id = o.order_id',
  'select * from loose join orders using (order_id)',
  'select any_thing, sum(x) from things group by any_thing',
  "select * from things.big where x like 'a%' and y in (1, 2) and z between 1 and 2 or not w ilike 'b'",
  "select row_number() over (order by x), rank() over (order by y), x -> 'a', -z, [q][1] from things",
  'select a.x, current_user from things a positional join orders',
  "select ${{ steps.things.values.n }} + 1 as n, ${{ steps.things.values.t }} || 'x' as t from orders",
  'select * from orders where order_id = ${{ steps.orders.values.rows }}',
  'values (1, 2), (3, 4)',
  'select max_by(country, amount), quantile_cont(amount, 0.5), median(amount) from orders',
  'select * from orders asof join orders p on orders.order_id = p.order_id and orders.ordered_on >= p.ordered_on',
  'select * from (select * from orders union all by name select 1 as more)',
])('says nothing of %s', async (query) => {
  const step = `  q:\n    uses: transform.sql\n    needs: [orders, loose, things]\n    with:\n      sql: |\n        ${query}\n`;
  const next = '  r: { uses: transform.sql, needs: [q], with: { sql: select * from q } }\n';
  const { steps, problems } = checkDefinition({
    job: { path: 'job.yaml', text: JOB },
    profiles: [
      {
        path: 'p.yaml',
        text: HEAD.replace('outputs: {', 'values: v.json, outputs: {') + step + next,
      },
    ],
    kinds: KINDS,
    given: {},
    start: { date: '2026-01-31' },
    resolvePath: (path) => `/data/${path}`,
  });

  expect(problems).toEqual([]);
  expect(await withBinder((binder) => bindProblems(steps, binder))).toEqual([]);
});
