import { describe, expect, test } from '@jest/globals';

import { firesAt, firesFrom, parseCron } from '../../src/model/cron.ts';

import type { Cron } from '../../src/model/cron.ts';

function cron(line: string): Cron {
  const parsed = parseCron(line);
  if ('wrong' in parsed) throw new Error(parsed.wrong);
  return parsed;
}

const sorted = (values: ReadonlySet<number>): number[] => [...values].toSorted((a, b) => a - b);

describe('what a line means', () => {
  test.each([
    ['15 3 * * *', 'minute', [15]],
    ['*/20 3 * * *', 'minute', [0, 20, 40]],
    ['5/25 3 * * *', 'minute', [5, 30, 55]],
    ['1-9/4,30 3 * * *', 'minute', [1, 5, 9, 30]],
    ['0 0 * Jan,apr,SEPTEMBER *', 'month', [1, 4, 9]],
    ['0 0 * * mon-fri', 'weekday', [1, 2, 3, 4, 5]],
    ['0 0 * * 7', 'weekday', [0]],
    ['0 0 * * 5-7', 'weekday', [0, 5, 6]],
    ['@weekly', 'weekday', [0]],
    ['*/15 * * * * * *', 'second', [0, 15, 30, 45]],
    ['0 0 1 1 * 2030/30', 'year', [2030, 2060, 2090]],
  ] as const)('%s: %s', (line, field, values) => {
    expect(sorted(cron(line)[field])).toEqual(values);
  });

  test.each([
    ['0 24 * * *', "hour '24': expected 0 to 23"],
    ['61 3 * * *', "minute '61': expected 0 to 59"],
    ['0 3 0 * *', "day '0': expected 1 to 31"],
    ['0 3 * foo *', "month 'foo': expected 1 to 12 or a name"],
    ['0 3 * * 8', "weekday '8': expected 0 to 7 or a name"],
    ['30-10 3 * * *', "minute '30-10': the range ends before it begins"],
    ['*/0 3 * * *', "minute '*/0': a step is at least 1"],
    ['? 3 * * *', "minute '?': expected 0 to 59"],
    ['1,,2 3 * * *', "minute '1,,2': expected *, a value"],
    ['0 3 L * *', "day 'L': expected 1 to 31"],
    ['0 3 * *', 'it has 4 fields'],
    ['', 'it has 0 fields'],
    ['@often', "'@often' is not known; there are @yearly"],
    ['@every 5m', "an interval goes into the key 'every'"],
    ['TZ=UTC 0 3 * * *', "the zone goes into the key 'timezone'"],
  ])('refuses %s', (line, wrong) => {
    const parsed = parseCron(line);
    expect('wrong' in parsed ? parsed.wrong : 'nothing is wrong').toContain(wrong);
  });
});

describe('whether it fires', () => {
  test.each([
    ['0 0 30 2 *', false],
    ['0 0 29 2 *', true],
    ['0 0 31 4,6,9,11 *', false],
    ['0 0 29 2 * 2027', false],
    ['0 0 29 2 * 2028', true],
    ['0 0 1 1 * 2020', false],
    ['0 0 29 2 sun * ', true],
    ['0 0 1 1 mon 2027', false],
    ['0 0 1 1 fri 2027', true],
  ])('%s from 2026 on: %p', (line, fires) => {
    expect(firesFrom(cron(line), 2026)).toBe(fires);
  });

  test('at a local time, the day of the month and of the week together', () => {
    expect(firesAt(cron('30 2 13 * fri'), '2026-11-13', 150)).toBe(true);
    expect(firesAt(cron('30 2 13 * fri'), '2026-11-20', 150)).toBe(false);
    expect(firesAt(cron('30 2 13 * fri'), '2026-11-13', 151)).toBe(false);
  });
});
