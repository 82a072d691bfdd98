import { expect, test } from '@jest/globals';

import { conditionVerdicts } from '../../../src/kinds/check/conditions.ts';

import type { Rule } from '../../../src/kinds/check/rule.ts';

const CHECKS: readonly Rule[] = [
  { severity: 'fail', not_null: ['id'] },
  { severity: 'fail', freshness: { column: 'day', max_age: '2d' } },
  { severity: 'warn', freshness: { column: 'at', max_age: '1h' } },
  { severity: 'fail', row_count: { max_drop: 0.2 } },
];
const VALUES = {
  rows: 8,
  newest: '2026-01-01T00:00:00.000Z',
  newest_2: '2026-01-02T00:00:00.000Z',
  failed: 0,
};

test.each<[string, Record<string, number>, readonly string[]]>([
  ['2026-01-02T01:00:00Z', {}, []],
  [
    '2026-01-02T01:00:01Z',
    { t: 10 },
    ['freshness(at): the newest at is 2026-01-02T00:00:00.000Z, 1h1s old; at most 1h expected'],
  ],
  [
    '2026-01-03T00:00:01Z',
    { t: 11 },
    [
      'freshness(day): the newest day is 2026-01-01T00:00:00.000Z, 2d1s old; at most 2d expected',
      'freshness(at): the newest at is 2026-01-02T00:00:00.000Z, 1d1s old; at most 1h expected',
      'row_count: 8 rows, 27.3 % fewer than the 11 of the previous delivery; at most 20 % fewer allowed',
    ],
  ],
])(
  'a result of the past is judged at %s, after a delivery of %j',
  (now, previousRows, expected) => {
    const verdicts = conditionVerdicts(
      { table: 't', checks: CHECKS },
      VALUES,
      { previousRows },
      Date.parse(now),
    );
    expect(verdicts.map(({ name, words }) => `${name}: ${words}`)).toEqual(expected);
  },
);

test('what had no moment is told where the rows are read, not again', () => {
  const values = { ...VALUES, newest: null, newest_2: null };
  expect(
    conditionVerdicts({ table: 't', checks: CHECKS }, values, { previousRows: {} }, Date.now()),
  ).toEqual([]);
});
