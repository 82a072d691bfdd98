import { expect, test } from '@jest/globals';
import { assert, integer, property } from 'fast-check';

import { durationMs, formatDuration, parseDuration } from '../../src/model/duration.ts';
import { UserError } from '../../src/model/errors.ts';

test.each([
  ['250ms', 250],
  ['90s', 90_000],
  ['5m', 300_000],
  ['1h30m', 5_400_000],
  ['1.5h', 5_400_000],
  ['7d', 604_800_000],
  ['1m500ms', 60_500],
  ['0s', 0],
])('reads %s as %d ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each([
  '',
  '5',
  'm',
  '5 m',
  '-5s',
  '1m1h',
  '1s1s',
  '1e3s',
  '5x',
  '1..5s',
  '.5s',
  '99999d',
  '５s',
])('refuses %j as a duration', (text) => {
  expect(durationMs(text)).toBeUndefined();
  expect(() => parseDuration(text)).toThrow(UserError);
  expect(() => parseDuration(text)).toThrow(expect.objectContaining({ code: 'BAD_DURATION' }));
});

test.each([
  [0, '0ms'],
  [999, '999ms'],
  [1_000, '1s'],
  [12_345, '12.3s'],
  [59_960, '1m'],
  [125_000, '2m5s'],
  [5_400_000, '1h30m'],
  [3_599_999, '1h'],
  [86_400_000, '1d'],
])('shows %d ms as %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test('reads back what it shows, to half a second or a twentieth', () => {
  assert(
    property(integer({ min: 0, max: 10 ** 11 }), (ms) => {
      const back = parseDuration(formatDuration(ms));
      expect(Math.abs(back - ms)).toBeLessThanOrEqual(ms < 60_000 ? 50 : 500);
    }),
  );
});
