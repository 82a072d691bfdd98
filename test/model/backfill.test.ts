import { expect, test } from '@jest/globals';

import { countsOf, worstExitCode } from '../../src/model/backfill.ts';

import type { PartitionStatus } from '../../src/model/backfill.ts';

const rows = (...statuses: PartitionStatus[]) =>
  statuses.map((status, i) => ({ partition: `p${i}`, status }));

test('counts are told with the worst first, and only what there is', () => {
  expect([...countsOf(rows('OK', 'WAITING', 'FAIL', 'OK', 'HELD'))]).toEqual([
    ['FAIL', 1],
    ['HELD', 1],
    ['OK', 2],
    ['WAITING', 1],
  ]);
});

test.each([
  [[], 0],
  [[0, 0], 0],
  [[0, 4], 4],
  [[4, 2, 0], 2],
  [[1, 4, 2], 1],
  [[1, 130], 130],
  [[130, 3], 3],
  [[7], 1],
])('of the exit codes %j the one that is told is %i', (codes, wanted) => {
  expect(worstExitCode(codes)).toBe(wanted);
});
