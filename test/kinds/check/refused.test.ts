import { expect, test } from '@jest/globals';
import { DuckDBInstance } from '@duckdb/node-api';

import { checkDefinition } from '../../../src/definition/check.ts';
import { problemLine } from '../../../src/definition/render-problems.ts';
import { canonicalType } from '../../../src/kinds/check/type-names.ts';
import { KINDS } from '../../../src/kinds/index.ts';

/** Problems of a profile whose fifth line holds the rules, from the seventh column on. */
function problemsOf(rules: string): readonly string[] {
  const text = `profile: p
steps:
  c: { uses: collect.files, with: { from: c.csv, types: { qty: text, id: int, price: 'DECIMAL(6, 2)', day: DATE, at: timestamptz, big: HUGEINT } } }
  k: { uses: check.table, with: { table: c, checks: [
      ${rules}
    ] } }
`;
  const { problems } = checkDefinition({
    job: { path: 'job.yaml', text: 'job: j\nprofile: p\n' },
    profiles: [{ path: 'p.yaml', text }],
    kinds: KINDS,
    given: {},
    start: { date: '2026-01-31' },
    resolvePath: (path) => `/job/${path}`,
  });
  return problems.map((problem) => problemLine(problem));
}

test.each<[string, string]>([
  ['{ range: { column: x } }', '5:10: BAD_OPTION: .*a range without min and max checks nothing'],
  ['{ range: { column: x, min: 5, max: 4 } }', '5:36: BAD_OPTION: .*max 4 lies below min 5'],
  [
    "{ range: { column: x, min: '2024-02-01', max: '2024-01-31' } }",
    "5:47: .*max '2024-01-31' lies below",
  ],
  ['{ range: { column: x, min: 1, max: b } }', "5:36: .*1 and 'b' are no ends of one range"],
  ['{ row_count: {} }', '5:14: .*checks nothing'],
  ['{ row_count: { min: 0 } }', '5:14: .*checks nothing'],
  ['{ row_count: { max_drop: 1 } }', '5:14: .*checks nothing'],
  ['{ row_count: { min: 3, max: 2 } }', '5:29: .*no table has so many rows'],
  [
    '{ accepted_values: { column: x, values: [1, b] } }',
    "5:45: .*'b' and 1 are no values of one column",
  ],
  ["{ pattern: { column: x, regex: '(?=a)' } }", '5:32: .*it cannot look ahead or back'],
  ['{ columns: {} }', '5:12: .*give exactly one of exact, at_least'],
  ['{ columns: { exact: {} } }', '5:21: .*a contract without columns checks nothing'],
  ["{ columns: { at_least: { id: 'int; drop' } } }", '5:30: .*expected an SQL type'],
  ['{ freshness: { column: at, max_age: 1h1d } }', '5:37: .*expected a duration'],
  ['{ freshness: { column: at, max_age: 10 } }', '5:37: .*'],
  ['{ same_as: { table: c } }', '5:21: .*a table is always the same as itself'],
  [
    '{ relationships: { column: id, to: c, field: ID } }',
    '5:46: .*a column always has its own values',
  ],
  ['{ columns: { exact: [id] }, where: id > 1 }', '5:36: .*columns judges no rows'],
  ['{ row_count: { min: 1 }, at_most: 3 }', '5:35: .*judges the table as a whole'],
  ["{ not_null: [id], at_most: '100%' }", '5:28: .*checks nothing'],
  ['{ not_null: [id], at_most: 0.5 }', '5:28: .*'],
  ['{ not_null: [id], at_most: 5 percent }', "5:28: .*a share such as '0.5%'"],
  ['{ row_count: { max_drop: 0.5 }, where: id > 1 }', '5:40: .*max_drop compares with all rows'],
  [
    '{ name: a, not_null: [id] }, { name: a, unique: [id] }',
    "5:38: .*check 1 is called 'a' as well",
  ],

  ['{ range: { column: qty, min: 0, max: 500 } }', "5:30: .*column 'qty' is text"],
  ['{ range: { column: QTY, max: 500 } }', "5:30: .*column 'QTY' is text"],
  [
    '{ accepted_values: { column: id, values: [x] } }',
    "5:43: .*'x' is a text: they cannot be compared",
  ],
  ['{ range: { column: day, max: 20240131 } }', '5:30: .*cannot be compared'],
  ['{ relationships: { column: qty, to: c, field: id } }', '5:28: .*they cannot be compared'],
  ['{ pattern: { column: id, regex: a } }', '5:22: .*a pattern is for text'],
  ['{ freshness: { column: qty, max_age: 1h } }', '5:24: .*freshness is for dates and timestamps'],
  [
    '{ columns: { at_least: { id: BIGINT, other: DATE } } }',
    '5:24: .*id is INTEGER, BIGINT expected',
  ],
])('%s is refused', (rule, problem) => {
  const problems = problemsOf(rule);
  expect(problems).toHaveLength(1);
  // Places are counted from the start of the rule.
  const place = problem.replace(/^5:(\d+)/, (_, column: string) => `5:${Number(column) + 6}`);
  expect(problems[0]).toMatch(new RegExp(`^p\\.yaml:${place}`));
});

test.each([
  "{ range: { column: price, min: 0, max: '99999999999999999999' } }",
  '{ range: { column: unknown, min: 0 } }',
  "{ accepted_values: { column: x, values: ['1', 2] } }",
  '{ relationships: { column: id, to: c, field: big } }',
  '{ freshness: { column: at, max_age: 36h } }',
  "{ columns: { exact: { id: INT, other: 'DECIMAL(4,1)[]', price: 'numeric(6,2)' } } }",
  '{ not_null: [id] }, { not_null: [id] }',
  "{ not_null: [id], where: id > 1, at_most: '0.5 %' }",
])('%s is taken', (rule) => {
  expect(problemsOf(rule)).toEqual([]);
});

test('knows types by the names the engine gives them', async () => {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const names = (
      await connection.runAndReadAll(
        `select type_name, type_category from duckdb_types() where database_name = 'system' order by 1`,
      )
    ).getRowsJson();
    const texts = [
      ...names.map(([name]) => String(name)),
      ...[
        'decimal',
        'dec(5)',
        'numeric( 7 , 3 )',
        'varchar(10)',
        'double precision',
        'timestamp with time zone',
        'Time Without Time Zone',
      ],
    ];
    let known = 0;
    for (const text of new Set(texts)) {
      const mine = canonicalType(text);
      if (mine === undefined) continue;
      const [row] = (
        await connection.runAndReadAll(`select typeof(cast(null as ${text}))`)
      ).getRowsJson();
      expect({ text, type: mine }).toEqual({ text, type: row?.[0] });
      known += 1;
    }
    expect(known).toBeGreaterThan(40);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
});
