import { expect, test } from '@jest/globals';

import { column, judged } from './judged.ts';

const ITEMS = `select * from (values
  (1, 'a', ' ', date '2024-01-01', [1]), (2, null, 'x', null, []), (3, '', 'y', date '2024-01-03', null)
) t(id, code, note, day, list)`;

test.each<[object, string]>([
  [{ not_empty: ['id'] }, 'holds'],
  [{ not_empty: ['code'] }, '2 of 3 rows break it; expected something in every code'],
  [{ not_empty: ['note'] }, '1 of 3'],
  [{ not_empty: ['list'] }, '2 of 3'],
  [{ not_empty: true }, 'holds'],
  [{ not_empty: true, where: 'id > 9' }, 'there are no rows, at least one expected'],
  [
    { pattern: { column: 'code', regex: '^[a-z]$' } },
    "1 of 3 rows break it; expected code like ^[a-z]$, found ''",
  ],
  [{ pattern: { column: 'id', regex: '1' } }, 'a pattern is for text'],
  [{ expression: 'id < 3' }, '1 of 3 rows break it; expected the expression to be true'],
  [{ expression: 'id between 1 and 3 -- all' }, 'holds'],
  [{ expression: "code <> 'b'" }, 'holds'],
  [
    { expression: 'id + 1' },
    'BAD_OPTION: check rule: expression must be true or false for a row, such as amount >= 0; it gives INTEGER',
  ],
  [
    { expression: 'id > 0) or (1 = 1' },
    'BAD_OPTION: check rule: expression must be one SQL condition',
  ],
  [
    { expression: 'id > 0) from t where (true' },
    'BAD_OPTION: check rule: expression must be one SQL condition',
  ],
  [
    { expression: 'id > 0), (id > 1' },
    'BAD_OPTION: check rule: expression must be one SQL condition',
  ],
  [{ expression: 'nope > 0' }, 'SQL_ERROR: check rule: expression: line 1, column 1: '],
  [{ expression: 'id > 0\n  and nope' }, 'SQL_ERROR: check rule: expression: line 2, column 7: '],
  [
    { expression: 'id > random()' },
    'SQL_NOT_ALLOWED: check rule: expression: line 1, column 6: random()',
  ],
  [{ expression: 'day < current_date' }, 'SQL_NOT_ALLOWED'],
  [{ expression: 'id in (select max(id) from t)' }, '2 of 3'],
  [{ columns: { exact: ['id', 'CODE', 'note', 'day', 'list'] } }, 'holds'],
  [{ columns: { exact: ['id', 'code', 'note'] } }, 'not expected: day, list'],
  [{ columns: { at_least: { id: 'int', day: 'DATE', code: null } } }, 'holds'],
  [
    { columns: { at_least: { id: 'BIGINT', gone: 'DATE' } } },
    'there is no gone; id is INTEGER, BIGINT expected',
  ],
  [{ columns: { at_least: { id: 'NUMERIC(4)' } } }, 'id is INTEGER, DECIMAL(4,0) expected'],
  [{ columns: { at_least: { id: 'NOPE' } } }, "BAD_OPTION: columns: id: 'NOPE' is no SQL type"],
  [{ range: { column: 'gone', min: 1 } }, "BAD_OPTION: check rule: there is no column 'gone'"],
])('%j: %s', async (rule, expected) => {
  expect(await judged(ITEMS, rule)).toContain(expected);
});

const THOUSAND = 'select i::integer as id, i % 10 as part from range(1, 1001) r(i)';

test.each<[object, string]>([
  [{ range: { column: 'id', max: 990 } }, '10 of 1000 rows'],
  [{ range: { column: 'id', max: 990 }, at_most: 10 }, 'holds'],
  [{ range: { column: 'id', max: 990 }, at_most: 9 }, '10 of 1000 rows break it, at most 9 may'],
  [{ range: { column: 'id', max: 990 }, at_most: '1%' }, 'holds'],
  [
    { range: { column: 'id', max: 990 }, at_most: '0.999999 %' },
    '10 of 1000 rows break it, at most 0.999999% may',
  ],
  [{ range: { column: 'id', max: 990 }, where: 'part = 1' }, '1 of 100 rows'],
  [{ range: { column: 'id', max: 990 }, where: 'part = 1', at_most: '1%' }, 'holds'],
  [{ not_null: ['id'], where: 'nope' }, 'SQL_ERROR: check rule: where: line 1, column 1'],
  [{ unique: ['part'], where: 'id <= 10' }, 'holds'],
  [{ unique: ['part'], where: 'id <= 11' }, '2 of 11 rows'],
  [{ accepted_values: { column: 'part', values: [1] }, where: 'part < 3', at_most: 200 }, 'holds'],
  [{ pattern: { column: 'id', regex: 'x' }, at_most: 1000 }, 'a pattern is for text'],
  [{ expression: 'id < 990', where: 'part = 0' }, '2 of 100 rows'],
  [{ row_count: { min: 100, max: 100 }, where: 'part = 0' }, 'holds'],
  [{ row_count: { max: 99 }, where: 'part = 0' }, '100 rows, at most 99 expected'],
  [{ sql: 'select * from t where id > 995', where: 'part = 0' }, '1 of 1000 rows'],
  [{ sql: 'select * from t where id > 995', at_most: '0.5%' }, 'holds'],
  [
    { relationships: { column: 'id', to: 'o', field: 'key' }, where: 'id <= 600', at_most: '20%' },
    'holds',
  ],
  [
    { relationships: { column: 'id', to: 'o', field: 'key' }, where: 'id <= 600', at_most: '10%' },
    '100 of 600 rows break it, at most 10% may; expected every id to be a o.key, found 501, 502, 503, ...',
  ],
])('of a thousand rows %j: %s', async (rule, expected) => {
  const tables = { t: THOUSAND, o: 'select i as key from range(1, 501) r(i)' };
  expect(await judged(tables, rule)).toContain(expected);
});

test('values bound in where and in an expression do not mix', async () => {
  const value = (...parts: readonly (string | number)[]): object => ({
    $sql: parts.map((part) => (typeof part === 'number' ? { value: part } : part)),
  });
  const where = value('id <= ', 10);
  const expression = value('id > ', 2, ' and part <> ', 5);
  expect(await judged(THOUSAND, { where, expression })).toContain('3 of 10 rows');
  const sql = value('from t where id > ', 8);
  expect(await judged(THOUSAND, { where, sql })).toContain('2 of 1000');
});

test.each<[string, string, object, string]>([
  ['itself in another order', 'select i from range(3) r(i) order by i desc', {}, 'holds'],
  [
    'one row twice',
    'from (values (0), (1), (2), (2)) r(i)',
    {},
    '1 of 3 rows break it; expected the rows of o',
  ],
  ['another row', 'from (values (0), (1), (9)) r(i)', {}, '2 of 3'],
  ['another type', 'from (values (0.0), (1.0), (2.0)) r(i)', {}, 'holds'],
  ['doubles', 'from (values (0::double), (1.5), (2)) r(i)', {}, '2 of 3'],
  ['texts', "from (values ('0'), ('1'), ('2')) r(i)", {}, 'cannot be compared'],
  [
    'other columns',
    'select 1 as k',
    {},
    'they have not the same columns: only t has i; only o has k',
  ],
  ['columns that are named', 'select i, 1 as k from range(3) r(i)', { columns: ['i'] }, 'holds'],
  ['nulls', 'from (values (0), (1), (null)) r(i)', {}, '2 of 3'],
  ['as many rows', 'from (values (7), (8), (9)) r(k)', { by: 'row_count' }, 'holds'],
  ['more rows', 'from range(5)', { by: 'row_count' }, '3 rows, as many as o expected, which has 5'],
])('same_as holds %s against three numbers: %s %j: %s', async (_, other, more, expected) => {
  const tables = { t: 'select i from range(3) r(i)', o: other };
  expect(await judged(tables, { same_as: { table: 'o', ...more } })).toContain(expected);
});

test('same_as allows a difference and looks at some rows only', async () => {
  const tables = { t: THOUSAND, o: `${THOUSAND} where i <> 500 and i <> 501` };
  const same = { same_as: { table: 'o' } };
  expect(await judged(tables, same)).toContain('2 of 1000 rows');
  expect(await judged(tables, { ...same, at_most: 2 })).toBe('holds');
  expect(await judged(tables, { ...same, where: 'id < 500' })).toBe('holds');
  const count = { same_as: { table: 'o', by: 'row_count' } };
  expect(await judged(tables, { ...count, at_most: '0.3%' })).toBe('holds');
  expect(await judged(tables, { ...count, at_most: '0.2%' })).toContain('1000 rows, as many as o');
});

test('freshness looks at the newest moment that is one', async () => {
  const ago = (hours: number): string => new Date(Date.now() - hours * 3_600_000).toISOString();
  const fresh = { freshness: { column: 'v', max_age: '36h' } };
  const stamps = (...hours: readonly number[]): string =>
    column(...hours.map((each) => `timestamptz '${ago(each)}'`));
  expect(await judged(stamps(100, 1), fresh)).toBe('holds');
  expect(await judged(stamps(100, 37), fresh)).toMatch(
    /^the newest v is \S+Z, 1d13h old; at most 1d12h expected$/,
  );
  expect(await judged(column("'infinity'::timestamp", "timestamp '2020-01-01'"), fresh)).toContain(
    '2020-01-01T00:00:00.000Z',
  );
  expect(await judged(column("date '2020-01-01'"), fresh)).toContain('2020-01-01T00:00:00.000Z');
  expect(await judged(column('null::date'), fresh)).toContain('there is no v at all');
  expect(await judged(column("'2020-01-01'"), fresh)).toContain(
    'is text (VARCHAR), which has no age',
  );
  expect(await judged(stamps(1, 40), { ...fresh, where: `v < '${ago(2)}'` })).toContain(
    '1d16h old',
  );
});
