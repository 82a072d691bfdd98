import { expect, test } from '@jest/globals';

import { STORE_FOLDING } from '../../src/store/folds/folding.ts';

import type { Summary } from '../../src/store/folds/summary.ts';

const place = { job: 'sales', profile: 'nightly' };

/** As a version before wrote it into a table: sums and gauges of each exporter in one. */
const OLD = {
  runs: [{ id: 'run-1', startedAt: '2026-01-01T00:00:00Z', open: false }],
  counters: {
    '9099': {
      steps: {
        '["sales","nightly","clean"]': {
          ...{ ...place, step: 'clean', statuses: { OK: 3 }, attempts: { ok: 3, fail: 1 } },
          ...{
            checks: { not_null: 2, unique: 1 },
            durations: [
              [5, 2, 3],
              [4, 1, 0.7],
            ],
          },
          ...{ completedMs: 5000, failedMs: 2000, lastAttemptMs: 4900 },
          lastDuration: { atMs: 4900, durationMs: 1500 },
          rows: { in: { atMs: 4900, count: 10 }, out: { atMs: 4900, count: 9 } },
        },
      },
      runs: {
        '["sales","nightly",null]': {
          ...{ ...place, statuses: { OK: 3 }, durations: [[1, 3, 6]], startedMs: 3000 },
          ...{ last: { endedMs: 5000, durationMs: 2000 }, completedMs: 5000 },
        },
      },
      recent: [{ runId: 'run-1', ...place, atMs: 3000 }],
    },
  },
} as unknown as Summary;

const NOTHING = STORE_FOLDING.summaryOf({ states: [], won: [] });

test('what an earlier version had summed up goes on: counts as they were, each bucket where its mean lies', () => {
  const { sums, newest, runs } = STORE_FOLDING.mergeSummaries(OLD, NOTHING);
  expect(runs.map(({ id }) => id)).toEqual(['run-1']);
  expect(Object.values(sums['9099']?.steps ?? {})).toEqual([
    {
      ...{ ...place, step: 'clean', statuses: { OK: 3 }, attempts: { ok: 3, fail: 1 } },
      ...{ failedChecks: 3, durations: [[2, 3, 3.7]] },
    },
  ]);
  expect(Object.values(newest.steps)).toMatchObject([
    {
      ...{ completedMs: 5000, failedMs: 2000, last: { durationMs: 1500 }, usual: [] },
      rows: { direction: 'out', count: 9 },
    },
  ]);
  expect(Object.values(newest.runs)).toMatchObject([{ startedMs: 3000, completedMs: 5000 }]);
  expect(newest.recent.map(({ runId }) => runId)).toEqual(['run-1']);
});
