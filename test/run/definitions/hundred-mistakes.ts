/** A hundred mistakes in queries and options. `^` stands before the letter at which each is to be reported. */

export type Mistake = readonly [text: string, says: string];

/** Queries of a step that needs `orders`, `loose` and `things`. */
export const QUERIES: readonly Mistake[] = [
  // Syntax
  ['^selec 1', 'syntax error'],
  ['select order_id form ^orders where 1', 'syntax error'],
  ['select order_id from orders wher ^country = 1', 'syntax error'],
  ['select (1 + 2 ^from orders', 'syntax error'],
  ['select order_id,\n  country,\n  from orders wher^e', 'end of input'],
  ['select * from orders group ^country', 'syntax error'],
  ['select * from orders order ^country', 'syntax error'],
  ['select case when 1 then 2 ^from orders', 'syntax error'],
  ['select * from orders o ^joi orders p on o.order_id = p.order_id', 'syntax error'],
  ['select * from orders where country in ^US', ''],
  ['select * from orders limit ten ^rows', 'syntax error'],
  ["select ^'open from orders", 'unterminated'],
  ['select ^"open from orders', 'unterminated'],
  ['select 1 as ^, 2', 'syntax error'],
  // What is no query
  ['^drop table orders', 'one SELECT'],
  ['^insert into orders values (1)', 'one SELECT'],
  ["^copy orders to 'x.csv'", 'one SELECT'],
  ["^attach 'x.db'", 'one SELECT'],
  ['^set threads = 1', 'one SELECT'],
  ['^update orders set country = 1', 'one SELECT'],
  ['^select 1; select 2', '2 statements'],
  ['^pivot orders on country using sum(amount)', 'a PIVOT must name its values'],
  ['^with o as (from orders) from (pivot o on country using sum(amount))', 'must name its values'],
  ['^show tables', 'SHOW tells of the session'],
  // Functions
  ['select ^no_such_function(country) from orders', 'no_such_function'],
  ['select country, ^uper(country) from orders', 'Did you mean'],
  ['select\n  country,\n  ^lenght(country)\nfrom orders', 'lenght'],
  ['select ^upper(country, 1, 2) from orders', 'No function matches'],
  ['select ^date_diff(1, 2) from orders', 'No function matches'],
  ['select ^no_such(x) from things', 'no_such'],
  ['select x, ^uper(y) from things where z > 1', 'uper'],
  ['select ^sumx(amount) over (partition by country) from orders', 'sumx'],
  ["select * from ^no_table_function('x')", 'no_table_function'],
  // Functions that are refused
  ['select ^random() as r from orders', 'differs from run to run'],
  ['select country, ^now() from orders', 'differs from run to run'],
  ['select ^current_date as d from orders', 'differs from run to run'],
  ['select country\nfrom orders\nwhere ordered_on > ^today()', 'differs from run to run'],
  ['select ^uuid() from orders', 'differs from run to run'],
  ["select ^current_setting('threads') from orders", 'differs from run to run'],
  ["select * from ^read_csv('/etc/passwd')", 'reaches outside'],
  ["select * from orders union all select * from ^read_parquet('x')", 'reaches outside'],
  ["select * from ^glob('*')", 'reaches outside'],
  ['select ^random() from things', 'differs from run to run'],
  // Tables
  ['select * from ^order_s', "Did you mean 'orders'?"],
  ['select * from ^nowhere', 'visible here: orders, loose, things'],
  ['select * from orders join ^ordres using (order_id)', "Did you mean 'orders'?"],
  ['select * from ^later', "Add 'later' to the needs"],
  ['select * from ^orders.rejected', "no table 'orders.rejected'"],
  ['with a as (select * from ^b), b as (select 1) select * from a', "no table 'b'"],
  ['select (select count(*) from ^missing) from orders', "no table 'missing'"],
  ["select * from ^'file.csv'", "no table 'file.csv'"],
  ['select * from orders where order_id in (select id from ^kunden)', "no table 'kunden'"],
  ['select * from\n  orders,\n  ^others', "no table 'others'"],
  // Columns
  ['select ^ammount from orders', 'amount'],
  ['select order_id, ^cuntry from orders', 'country'],
  ['select order_id from orders where ^contry = 1', 'country'],
  ['select order_id from orders order by ^ordered', 'ordered_on'],
  ['select count(*) from orders group by ^land', 'land'],
  ['select ^o.land from orders o', 'does not have a column named "land"'],
  ['select ^p.country from orders o', 'Referenced table "p" not found'],
  ['select order_id, sum(^totl) from orders group by order_id', 'totl'],
  ["select 'é', 'ü', ^nope from orders", 'nope'],
  ["select '日本', '😀', ^nope from orders", 'nope'],
  ['select\n  -- a comment: nope\n  order_id,\n  ^nope\nfrom orders', 'nope'],
  [
    'select *\nfrom orders\nqualify row_number() over (partition by ^nope order by order_id) = 1',
    'nope',
  ],
  ['select * exclude (^nope) from orders', 'nope'],
  ['select o.order_id from orders o join orders p using (^nope)', 'nope'],
  ['select ^country, count(*) from orders', 'must appear in the GROUP BY'],
  [
    'select ^order_id from orders o join orders p on o.order_id = p.order_id',
    'Ambiguous reference',
  ],
  ['select x.a from (select order_id as a, ^b from orders) x', 'b'],
  ['with c as (select order_id as id from orders) select id, ^order_id from c', 'order_id'],
  ['select country from orders union select ^nope from orders', 'nope'],
  // Types
  ['select * from orders where ordered_on ^> country', 'Cannot compare'],
  ['select ordered_on ^+ country from orders', ''],
  ['select ^-country from orders', ''],
  ['select cast(order_id as ^integr) from orders', 'integr'],
  ['select ^sum(country) from orders', 'sum'],
  // With values
  ['select ${{ params.n }}, ^nope from orders', 'nope'],
  [
    'select order_id from orders where country = ${{ params.t }} and ^nope > ${{ params.n }}',
    'nope',
  ],
  ['select ${{ steps.orders.values.rows }} as n, ^nope from orders', 'nope'],
  ['select ordered_on from orders where ordered_on > ${{ params.d }} and ^nope', 'nope'],
  ['select * from orders where country ^> ${{ params.d }}', 'Cannot compare'],
  [
    'select ^round(amount, ${{ params.n }}) from orders',
    'A parameter of type integer is a BIGINT; write cast(${{ params.x }} as integer).',
  ],
  // Tables whose columns are known in part
  ['select country, ^uper(anything) from loose', 'uper'],
  ['select anything, ordered_on ^> country from loose', 'Cannot compare'],
];

/** Options and queries in other places: the lines of a step after its `uses` and `needs`. */
export const STEPS: readonly Mistake[] = [
  [
    "  q: { uses: transform.sql, needs: [orders], with: { sql: 'select ^nope from orders' } }",
    'nope',
  ],
  [
    '  q: { uses: transform.sql, needs: [orders], with: { sql: "select \\"country\\", ^nope from orders" } }',
    'nope',
  ],
  [
    "  q: { uses: transform.sql, needs: [orders], with: { sql: 'select ''it'', ^nope from orders' } }",
    'nope',
  ],
  [
    '  q:\n    uses: transform.sql\n    needs: [orders]\n    with:\n      sql: >-\n        select country,\n        ^nope\n        from orders',
    'nope',
  ],
  [
    '  q:\n    uses: transform.sql\n    needs: [orders]\n    with:\n      sql: select country,\n        ^nope\n        from orders',
    'nope',
  ],
  [
    '  q:\n    uses: transform.sql\n    needs: [orders]\n    with:\n      sql: |4\n\n            select ^nope\n            from orders',
    'nope',
  ],
  [
    '  q:\n    uses: transform.sql\n    needs: [orders]\n    with:\n      outputs:\n        a: select country from orders\n        b: select ^nope from orders',
    'nope',
  ],
  [
    '  q: { uses: transform.sql, needs: [orders], with: { sql: select country as c from orders } }\n  r: { uses: transform.sql, needs: [q], with: { sql: "select c, ^country from q" } }',
    'country',
  ],
  [
    '  q: { uses: transform.sql, needs: [orders], with: { outputs: { a: select country as c from orders, b: select 1 as x } } }\n  r: { uses: transform.sql, needs: [q], with: { sql: "select ^c from q.b" } }',
    '"c" not found',
  ],
  [
    '  q: { uses: check.table, with: { table: orders, checks: [{ not_null: [order_id, ^nope] }] } }',
    "no column 'nope'; orders has",
  ],
  [
    '  q: { uses: check.table, with: { table: orders, checks: [{ unique: [^order] }] } }',
    "no column 'order'",
  ],
  [
    '  q: { uses: check.table, with: { table: orders, checks: [{ range: { column: ^amout, min: 0 } }] } }',
    "no column 'amout'",
  ],
  [
    '  q: { uses: check.table, with: { table: orders, checks: [{ accepted_values: { column: ^land, values: [US] } }] } }',
    "no column 'land'",
  ],
  [
    '  q: { uses: check.table, with: { table: orders, checks: [{ relationships: { column: country, to: orders, field: ^land } }] } }',
    "no column 'land'",
  ],
  [
    '  q: { uses: check.table, with: { table: ^ordes, checks: [{ not_null: [order_id] }] } }',
    "Did you mean 'orders'?",
  ],
  [
    '  q: { uses: check.table, with: { table: orders, checks: [{ sql: "select * from orders where ^nope > 1" }] } }',
    'nope',
  ],
  [
    '  q: { uses: export.dataset, with: { from: ^orders.rejected, name: x } }',
    "no output 'rejected'",
  ],
  [
    '  q: { uses: export.dataset, with: { from: orders, dictionary: { country: c, land: ^l } } }',
    "no column 'land'",
  ],
  ['  q: { uses: collect.files, with: { from: a.csv, types: { a: ^DECMAL } } }', 'is no SQL type'],
  [
    '  q: { uses: collect.files, with: { from: a.csv, types: { a: BIGINT, b: ^"VARCHR" } } }',
    "Did you mean 'VARCHAR'?",
  ],
  [
    '  q: { uses: exec.command, with: { command: [echo, "^${{ steps.orders.values.rowz }}"] } }',
    "no value 'rowz'",
  ],
  [
    '  q: { uses: transform.sql, needs: [orders], when: { value: "^${{ steps.orders.values.count }}", above: 1 }, with: { sql: select 1 } }',
    "no value 'count'",
  ],
  [
    '  q: { uses: check.table, with: { table: orders, checks: [{ expression: "amount > 0 and ^amuont < 9" }] } }',
    'amuont',
  ],
  [
    '  q: { uses: check.table, with: { table: orders, checks: [{ not_null: [country], where: "^cuntry = 1" }] } }',
    'cuntry',
  ],
  [
    '  q: { uses: check.table, with: { table: orders, checks: [{ expression: "amount > ^uper(country)" }] } }',
    'uper',
  ],
  [
    '  q: { uses: check.table, with: { table: orders, checks: [{ expression: "^order_id" }] } }',
    'must be true or false for a row (it gives BIGINT)',
  ],
  [
    '  q: { uses: check.table, with: { table: orders, checks: [{ expression: "^amount > 0) or (true" }] } }',
    'must be one SQL condition',
  ],
  [
    '  q: { uses: check.table, with: { table: orders, checks: [{ not_null: [country], where: "^select true" }] } }',
    'where must be one SQL condition',
  ],
  [
    '  q: { uses: check.table, with: { table: orders, checks: [{ expression: "amount ^>" }] } }',
    'syntax error at end of input',
  ],
  [
    '  q: { uses: check.table, with: { table: orders, checks: [{ columns: { at_least: { order_id: ^BIGNT } } }] } }',
    "Did you mean 'BIGINT'?",
  ],
  [
    '  q: { uses: check.table, with: { table: orders, checks: [{ same_as: { table: ^later } }] } }',
    'they have not the same columns: only orders has order_id',
  ],
  [
    '  q: { uses: check.table, with: { table: orders, checks: [{ same_as: { table: later, columns: [^country] } }] } }',
    "no column 'country'",
  ],
  [
    '  q: { uses: transform.sql, needs: [orders], with: { sql: "select {^{ params.n }} from orders" } }',
    'A reference is written ${{ params.n }}.',
  ],
  [
    '  l: { uses: transform.sql, with: { sql: "select [1] as l" } }\n  q: { uses: check.table, with: { table: l, checks: [{ range: { column: l, min: ^0 } }] } }',
    "column 'l' is of type INTEGER[]",
  ],
  [
    '  q: { uses: collect.files, with: { from: a.csv, columns: ^[a, b] } }',
    'Write each with its type',
  ],
  [
    '  q: { uses: transform.sql, needs: [orders], with: { sql: "select ^сountry from orders" } }',
    "looks like 'c' and is not",
  ],
];
