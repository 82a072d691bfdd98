import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { DuckDBInstance } from '@duckdb/node-api';

import {
  AGGREGATE_MACROS,
  AGGREGATES,
  BARE,
  CHANGING,
} from '../../../src/duckdb/repeat/engine-words.ts';
import { seesOrder } from '../../../src/duckdb/repeat/aggregates.ts';
import { isChanging, isChangingWord } from '../../../src/duckdb/repeat/changing.ts';

import type { DuckDBConnection } from '@duckdb/node-api';

let instance: DuckDBInstance;
let connection: DuckDBConnection;
beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:', { threads: '4' });
  connection = await instance.connect();
});
afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

type Rows = readonly Readonly<Record<string, unknown>>[];
const ask = async (sql: string): Promise<Rows> =>
  (await connection.runAndReadAll(sql)).getRowObjectsJson();

test('knows which functions the engine calls changing, and the macros that call them', async () => {
  const called = await ask(
    `select distinct lower(function_name) as name from duckdb_functions() where stability <> 'CONSISTENT'`,
  );
  const names = new Set(called.map(({ name }) => String(name)));
  const macros = await ask(
    `select distinct lower(function_name) as name, macro_definition as body from duckdb_functions()
     where function_type = 'macro'`,
  );
  for (let size = 0; size !== names.size;) {
    size = names.size;
    for (const { name, body } of macros) {
      const words =
        String(body)
          .toLowerCase()
          .match(/[a-z_]\w*/g) ?? [];
      const calls = new Set(
        String(body)
          .toLowerCase()
          .match(/[a-z_]\w*(?="?\s*\()/g) ?? [],
      );
      if (
        words.some((word) => isChangingWord(word)) ||
        [...names].some((each) => calls.has(each))
      ) {
        names.add(String(name));
      }
    }
  }
  expect([...CHANGING].toSorted()).toEqual([...names].toSorted());
});

test('knows which functions are aggregates, and the macros that hold one', async () => {
  const called = await ask(
    `select distinct lower(function_name) as name from duckdb_functions() f where function_type = 'aggregate'
     and not exists (from duckdb_functions() w where w.function_name = f.function_name and w.function_type = 'window')
     order by 1`,
  );
  const windows =
    'cume_dist dense_rank fill first_value lag last_value lead nth_value ntile percent_rank rank rank_dense row_number'.split(
      ' ',
    );
  expect(called.map(({ name }) => name).filter((name) => !windows.includes(String(name)))).toEqual(
    [...AGGREGATES].toSorted(),
  );
  const macros = await ask(
    `select distinct lower(function_name) as name, parameters, macro_definition as body from duckdb_functions()
     where function_type = 'macro' order by all`,
  );
  const known = new Set([...AGGREGATES, ...Object.keys(AGGREGATE_MACROS)]);
  const holding = macros.filter(({ body }) =>
    (String(body).match(/[a-z_]\w*(?="?\s*\()/g) ?? []).some((word) => known.has(word)),
  );
  expect(
    Object.fromEntries(holding.map(({ name, parameters, body }) => [name, { parameters, body }])),
  ).toEqual(AGGREGATE_MACROS);
});

test('knows the words that are calls without parentheses', async () => {
  const names = await ask(
    `select distinct function_name as name from duckdb_functions() where regexp_full_match(function_name, '[a-z_]+')`,
  );
  const words = new Set(['current_time', 'current_timestamp', 'localtime', 'localtimestamp']);
  for (const { name } of names) words.add(String(name));
  const bare: string[] = [];
  for (const word of words) {
    const found = await ask(`select ${word} from (select 1 as one)`).catch(() => undefined);
    if (found !== undefined) bare.push(word);
  }
  const steady = ['current_role', 'current_user', 'session_user', 'user'];
  expect(bare.toSorted()).toEqual([...Object.keys(BARE), ...steady].toSorted());
  for (const word of steady) {
    expect(await ask(`select ${word} as x`)).toEqual([{ x: 'duckdb' }]);
  }
});

test('shows that age() of one argument counts from today, though the engine calls it steady', async () => {
  const [row] = await ask(
    `select age(timestamp '2000-01-01') = age(current_date::timestamp, timestamp '2000-01-01') as same`,
  );
  expect(row).toEqual({ same: true });
  expect([isChanging('age', 1), isChanging('age', 2)]).toEqual([true, false]);
});

test('shows that settings decide what current_setting() answers', async () => {
  const other = await DuckDBInstance.create(':memory:', { threads: '3' });
  const there = await other.connect();
  const sql = "select current_setting('threads')::int as n";
  expect(await ask(sql)).not.toEqual((await there.runAndReadAll(sql)).getRowObjectsJson());
  there.closeSync();
  other.closeSync();
  expect(isChanging('current_setting', 1)).toBe(true);
});

test('shows that a variable of the session decides what getvariable() answers', async () => {
  await ask('set variable x = 1');
  const first = await ask("select getvariable('x') as x");
  await ask('set variable x = 2');
  expect(await ask("select getvariable('x') as x")).not.toEqual(first);
});

test.each(['current_localtime', 'current_localtimestamp'])(
  'shows that %s() reads the clock',
  async (name) => {
    const found = new Set<string>();
    for (let i = 0; i < 1000 && found.size < 2; i += 1) {
      found.add(JSON.stringify(await ask(`select ${name}()::varchar as x`)));
    }
    expect([found.size, isChanging(name)]).toEqual([2, true]);
  },
);

test('shows that error() never answers, and json_group_object() works on its arguments alone', async () => {
  await expect(ask("select error('x')")).rejects.toThrow('x');
  const sql = "select json_group_object(k, v) as j from (values ('a', 1)) t(k, v)";
  expect(await ask(sql)).toEqual([{ j: '{"a":1}' }]);
  expect([isChanging('error'), isChanging('json_group_object')]).toEqual([false, false]);
});

test('shows that arg_max() and arg_min() leave out rows without a value or a measure', async () => {
  const rows = '(values (null, 5), (1, 3), (2, null), (3, 4), (null, 1)) t(a, b)';
  expect(
    await ask(`select arg_max(a, b) as x, max_by(a, b) as y, arg_min(a, b) as n from ${rows}`),
  ).toEqual([{ x: 3, y: 3, n: 1 }]);
});

/** Two arguments for those that need them. */
const ARGUMENTS: Readonly<Record<string, string>> = {
  quantile: ', 0.3',
  quantile_cont: ', 0.3',
  quantile_disc: ', 0.3',
  histogram_exact: ', [1, 2, 3]',
  bitstring_agg: ', 0, 999',
};

test('shows that aggregates that are said to be blind to the order of rows are', async () => {
  await ask(
    'create table shuffled as select (i * 7919) % 1000 as n, (((i * 7919) % 1000) / 7)::decimal(9, 2) as m, i from range(200000) t(i)',
  );
  const seen: string[] = [];
  let tried = 0;
  for (const [type, value] of [
    ['BIGINT', 'n'],
    ['DECIMAL(9,2)', 'm'],
    ['DOUBLE', 'n / 7.0::double'],
    ['INTERVAL', 'to_days(n::int)'],
    ['VARCHAR', 'n::varchar'],
    ['BOOLEAN', 'n > 500'],
  ] as const) {
    for (const name of AGGREGATES) {
      if (seesOrder(name, type)) continue;
      const call = `${name}(${name === 'count_star' ? '' : value}${ARGUMENTS[name] ?? ''}${name === 'regr_count' ? ', n' : ''})`;
      const answers = new Set<string>();
      let isKnown = true;
      for (const order of ['i', 'i desc', 'hash(i)', 'hash(i + 1)']) {
        const rows = await ask(
          `select ${call}::varchar as x from (from shuffled order by ${order})`,
        ).catch(() => undefined);
        isKnown &&= rows !== undefined;
        answers.add(JSON.stringify(rows));
      }
      if (isKnown) tried += 1;
      if (answers.size > 1) seen.push(`${name}(${type})`);
    }
  }
  expect(seen).toEqual([]);
  expect(tried).toBeGreaterThan(60);
}, 60_000);

test.each(['sum', 'avg', 'first', 'list', 'stddev', 'corr'])(
  'knows that %s() of DOUBLE sees the order',
  (name) => {
    expect([seesOrder(name, 'DOUBLE'), seesOrder(name, undefined)]).toEqual([true, true]);
  },
);

test('knows that sums of whole numbers and decimals do not see the order', () => {
  expect([seesOrder('sum', 'BIGINT'), seesOrder('avg', 'DECIMAL(9,2)')]).toEqual([false, false]);
});
