import { expect, test } from '@jest/globals';

import { ownOwner } from '../../../src/os/owner.ts';
import { matchingRuns } from '../../../src/run/one/matching-runs.ts';

import type { RunFilter } from '../../../src/run/one/matching-runs.ts';
import type { RunRecord } from '../../../src/model/run-record.ts';
import type { RunRow } from '../../../src/store/folds/runs.ts';

const { host, boot, pidns } = ownOwner();
const PLACE = { host, boot, pidns };

/** Newest first: every third failed, every tenth is of another job; the first one is open, and its process is gone. */
const RECORDS = Array.from({ length: 450 }, (_, index) => recordOf(449 - index));

function recordOf(nr: number): RunRecord {
  const isOpen = nr === 449;
  return {
    run_id: `r${nr}`,
    job: nr % 10 === 0 ? 'other' : 'daily',
    profile: nr % 2 === 0 ? 'full' : 'quick',
    ...(nr % 50 === 0 ? { partition: `p${nr}` } : {}),
    status: isOpen ? 'RUNNING' : nr % 3 === 0 ? 'FAIL' : 'OK',
    state: isOpen ? 'open' : 'closed',
    plan_sha256: '',
    params: {},
    started_at: '',
    steps: [],
    pid: 999_999_999,
    pid_born: 'never',
    pid_place: PLACE,
    generation: 1,
    job_path: '',
    profile_path: '',
    given_params: [],
  };
}

const found = async (filter: RunFilter, limit?: number) => {
  let read = 0;
  const runs = await matchingRuns(
    async ({ limit: most = Number.POSITIVE_INFINITY, where = () => true }) => {
      const page = RECORDS.filter(({ run_id: id }) => where({ id } as RunRow)).slice(0, most);
      read += page.length;
      return page;
    },
    filter,
    limit,
  );
  return { ids: runs.map(({ run_id: id }) => id), read };
};

test('runs are found by job, profile, partition and status, newest first', async () => {
  expect((await found({ job: 'other', status: ['FAIL'] }, 3)).ids).toEqual([
    'r420',
    'r390',
    'r360',
  ]);
  expect((await found({ partition: 'p100' })).ids).toEqual(['r100']);
  expect((await found({ profile: 'quick', status: ['OK', 'FAIL'] }, 2)).ids).toEqual([
    'r447',
    'r445',
  ]);
  expect((await found({ job: 'nobody' })).ids).toEqual([]);
});

test('an open run that nobody drives is UNFINISHED, not RUNNING', async () => {
  expect((await found({ status: ['UNFINISHED'] })).ids).toEqual(['r449']);
  expect((await found({ status: ['RUNNING'] })).ids).toEqual([]);
});

test('what a filter asks for is looked for in all runs, and no further than needed', async () => {
  expect((await found({ status: ['FAIL'] })).ids).toHaveLength(150);
  expect((await found({ job: 'daily' }, 5)).read).toBe(200);
  expect((await found({}, 5)).read).toBe(5);
});
