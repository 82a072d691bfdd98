import { describe, expect, test } from '@jest/globals';

import { differenceOf } from '../../../src/run/schedules/difference.ts';

import type { Declared } from '../../../src/run/schedules/declared.ts';
import type { Existing, ScheduleChange } from '../../../src/run/schedules/difference.ts';

const sales: Declared = {
  job: 'sales',
  jobPath: '/p/jobs/sales.yaml',
  out: '/p/out/sales',
  schedule: {
    cron: ['15 3 * * *'],
    timezone: 'Europe/Amsterdam',
    overlap: 'skip',
    catchUpMs: 21_600_000,
    pauseOnFailure: false,
    make: ['latest'],
  },
};

const idOf = (job: string): string => `builder-00000000-${job}`;
const existing = (declared: Declared | undefined, job = declared?.job ?? 'sales'): Existing => ({
  id: idOf(job),
  declared,
  isCurrent: true,
});

function changes(
  there: readonly Existing[],
  declared: readonly Declared[],
  more: { readonly broken?: readonly string[]; readonly only?: readonly string[] } = {},
): readonly string[] {
  const shown = ({ job, change, differences }: ScheduleChange): string =>
    [job, change, ...(change === 'create' ? [] : differences)].join(' | ');
  return differenceOf(there, { declared, broken: [], idOf, ...more }).map(shown);
}

test('one that is not there is created, with all that it says', () => {
  const [change] = differenceOf([], { declared: [sales], broken: [], idOf });
  expect(change).toMatchObject({ job: 'sales', change: 'create' });
  expect(change?.differences).toEqual([
    "cron: '15 3 * * *'",
    'timezone: Europe/Amsterdam',
    'overlap: skip',
    'catch_up: 6h',
    'pause_on_failure: false',
    'make: latest',
    'out: /p/out/sales',
    'file: /p/jobs/sales.yaml',
  ]);
});

test('one that is as it is declared is left alone', () => {
  expect(changes([existing(sales)], [sales])).toEqual(['sales | none']);
});

test.each([
  [
    { ...sales, schedule: { ...sales.schedule, cron: ['0 4 * * *', '@monthly'] } },
    "cron: '15 3 * * *' -> '0 4 * * *', '@monthly'",
  ],
  [{ ...sales, schedule: { ...sales.schedule, jitterMs: 90_000 } }, 'jitter: (nothing) -> 1m30s'],
  [{ ...sales, out: '/p/elsewhere' }, 'out: /p/out/sales -> /p/elsewhere'],
  [{ ...sales, jobPath: '/p/jobs/s.yaml' }, 'file: /p/jobs/sales.yaml -> /p/jobs/s.yaml'],
])('what is declared otherwise is changed: %#', (declared, difference) => {
  expect(changes([existing(sales)], [declared])).toEqual([`sales | change | ${difference}`]);
});

test('one whose declaration nobody can read any more is made anew', () => {
  expect(changes([existing(undefined)], [sales])).toEqual(['sales | change | all of it']);
});

describe('one that is declared no more', () => {
  test('is removed', () => {
    expect(changes([existing(sales)], [])).toEqual(['sales | remove']);
  });

  test('is kept while its file cannot be read', () => {
    expect(changes([existing(sales)], [], { broken: [sales.jobPath] })).toEqual(['sales | keep']);
  });

  test('is kept where only other files are asked for', () => {
    expect(changes([existing(sales)], [], { only: ['/p/jobs/other.yaml'] })).toEqual([
      'sales | keep',
    ]);
  });

  test('is removed where its file is asked for, and says nothing of a schedule', () => {
    expect(changes([existing(sales)], [], { only: [sales.jobPath] })).toEqual(['sales | remove']);
  });

  test('is removed with an earlier secret of the folder, whatever its file says', () => {
    const old = { ...existing(sales), id: 'builder-11111111-sales', isCurrent: false };
    expect(changes([old], [sales], { broken: [sales.jobPath] })).toEqual([
      'sales | create',
      'sales | remove',
    ]);
  });
});
