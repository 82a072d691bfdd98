import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import {
  dateIn,
  endedPartitions,
  findPartition,
  ID_FORMS,
  isPartitionName,
  isTimezone,
  latestPartition,
  partitionAfter,
  partitionAt,
  partitionOf,
  PERIODS,
} from '../../src/model/partition.ts';

import type { Partitioning, Period } from '../../src/model/partition.ts';

const date = fc
  .integer({ min: Date.UTC(1900, 0, 1), max: Date.UTC(2199, 11, 31) })
  .map((ms) => new Date(ms).toISOString().slice(0, 10));
const period = fc.constantFrom(...PERIODS);

describe('partitions of a calendar', () => {
  test('every date lies in one of each period, which is found again by its id', () => {
    fc.assert(
      fc.property(period, date, (by, day) => {
        const found = partitionAt(by, day);
        expect(found.start! <= day && day < found.end!).toBe(true);
        expect(partitionOf(by, found.id)).toEqual(found);
      }),
    );
  });

  test('they follow each other without a gap, and their ids sort as they do', () => {
    fc.assert(
      fc.property(period, date, (by, day) => {
        const found = partitionAt(by, day);
        const next = partitionAfter(by, found);
        expect(next.start).toBe(found.end);
        expect(next.id > found.id).toBe(true);
      }),
    );
  });

  test.each([
    ['day', '2024-02-29', '2024-02-29', '2024-03-01'],
    ['week', '2020-W53', '2020-12-28', '2021-01-04'],
    ['week', '2021-W01', '2021-01-04', '2021-01-11'],
    ['week', '2026-W01', '2025-12-29', '2026-01-05'],
    ['month', '2026-12', '2026-12-01', '2027-01-01'],
    ['year', '2026', '2026-01-01', '2027-01-01'],
  ] as const)('a %s %s goes from %s until %s', (by, id, start, end) => {
    expect(partitionOf(by, id)).toEqual({ id, start, end });
  });

  test.each([
    ['day', '2023-02-29'],
    ['day', '2026-1-1'],
    ['week', '2021-W53'],
    ['week', '2026-W00'],
    ['week', '2026W01'],
    ['month', '2026-13'],
    ['month', '2026-1'],
    ['month', '2026-10-01'],
    ['year', '26'],
    ['year', '9999'],
    ['year', ''],
  ] as const)('there is no %s %p', (by, id) => {
    expect(partitionOf(by, id)).toBeUndefined();
  });

  test('the examples in messages are ids', () => {
    for (const by of PERIODS) expect(partitionOf(by, ID_FORMS[by])?.id).toBe(ID_FORMS[by]);
  });
});

function months(first: string, last?: string): Partitioning {
  const of = (id: string) => partitionOf('month', id)!;
  return { by: 'month', first: of(first), ...(last === undefined ? {} : { last: of(last) }) };
}

describe('which partitions there are on a day', () => {
  test('those that are over, from the first to the last', () => {
    const ids = (how: Partitioning, today: string) =>
      endedPartitions(how, today).map(({ id }) => id);
    expect(ids(months('2026-08'), '2026-11-01')).toEqual(['2026-08', '2026-09', '2026-10']);
    expect(ids(months('2026-08'), '2026-10-31')).toEqual(['2026-08', '2026-09']);
    expect(ids(months('2026-08', '2026-09'), '2030-01-01')).toEqual(['2026-08', '2026-09']);
    expect(ids(months('2026-08'), '2026-08-31')).toEqual([]);
    expect(ids({ by: 'list', ids: ['b', 'a'] }, '2026-01-01')).toEqual(['b', 'a']);
  });

  test('the latest is the last of them', () => {
    const starts: readonly [Period, string][] = [
      ['day', '2026-10-20'],
      ['week', '2026-W40'],
      ['month', '2026-01'],
      ['year', '2020'],
    ];
    fc.assert(
      fc.property(fc.constantFrom(...starts), date, ([by, id], today) => {
        const how: Partitioning = { by, first: partitionOf(by, id)! };
        fc.pre(today < '2028-01-01');
        expect(latestPartition(how, today)).toEqual(endedPartitions(how, today).at(-1));
      }),
    );
    expect(latestPartition(months('2026-08', '2026-09'), '2030-01-01')?.id).toBe('2026-09');
  });

  test.each([
    ['2026-07', 'the first one is 2026-08'],
    ['2026-11', 'the last one is 2026-10'],
    ['2026-10', 'it begins on 2026-10-01, and today is 2026-09-15'],
    ['october', 'a month is written like 2026-10'],
  ])('%s is none of them, and it is said why', (id, wrong) => {
    expect(findPartition(months('2026-08', '2026-10'), id, '2026-09-15')).toEqual({ wrong });
  });

  test('the one that is going on can be named', () => {
    const found = findPartition(months('2026-08'), '2026-09', '2026-09-15');
    expect(found).toEqual({ id: '2026-09', start: '2026-09-01', end: '2026-10-01' });
  });
});

describe('the date of a moment', () => {
  test.each([
    // Clocks go forward in the night to 29 March 2026, and back in that to 25 October.
    ['Europe/Amsterdam', '2026-03-28T22:59:59Z', '2026-03-28'],
    ['Europe/Amsterdam', '2026-03-28T23:00:00Z', '2026-03-29'],
    ['Europe/Amsterdam', '2026-03-29T21:59:59Z', '2026-03-29'],
    ['Europe/Amsterdam', '2026-03-29T22:00:00Z', '2026-03-30'],
    ['Europe/Amsterdam', '2026-10-24T22:00:00Z', '2026-10-25'],
    ['Europe/Amsterdam', '2026-10-25T22:59:59Z', '2026-10-25'],
    ['Europe/Amsterdam', '2026-10-25T23:00:00Z', '2026-10-26'],
    ['Pacific/Kiritimati', '2026-12-31T10:00:00Z', '2027-01-01'],
    ['Pacific/Pago_Pago', '2027-01-01T10:59:59Z', '2026-12-31'],
    ['UTC', '2026-12-31T23:59:59Z', '2026-12-31'],
  ])('%s at %s: %s', (zone, moment, expected) => {
    expect(dateIn(zone, Date.parse(moment))).toBe(expected);
  });

  test('a zone is known by its name', () => {
    expect(['Europe/Amsterdam', 'UTC', 'Mars/Olympus', ''].map(isTimezone)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

test.each([
  ['north', true],
  ['2026-10', true],
  ['v1.2_x', true],
  ['latest', false],
  ['Missing', false],
  ['manifest.json', false],
  ['.hidden', false],
  ['a/b', false],
  ['..', false],
  ['', false],
  ['x'.repeat(64), false],
])('%p as the name of a partition: %p', (id, is) => {
  expect(isPartitionName(id)).toBe(is);
});
