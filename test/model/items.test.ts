import { expect, test } from '@jest/globals';

import { allowedOf, dealOut, mostAtOnce } from '../../src/model/items.ts';
import { numbersIn, rangesText, withNumber } from '../../src/model/ranges.ts';

import type { Foreach, PlanStep } from '../../src/model/plan.ts';
import type { Ranges } from '../../src/model/ranges.ts';

const FOREACH: Foreach = { as: 'item', atMost: 8, allowFailed: 0, reads: [] };
const upTo = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i);

test.each([
  [1, 8, 1, [8]],
  [300, 8, 1, [8]],
  [301, 8, 2, [8]],
  [10_000, 16, 34, [8, 8]],
  [10_000, 1000, 34, [250, 250, 250, 250]],
  [400, 17, 2, [9, 8]],
])('deals %d items at most %d at once out to %d pages', (count, atMost, pages, lanes) => {
  const dealt = dealOut(upTo(count), atMost);
  expect(dealt.pages).toHaveLength(pages);
  expect(dealt.pages.flat()).toEqual(upTo(count));
  expect(Math.max(...dealt.pages.map((page) => page.length))).toBeLessThanOrEqual(300);
  expect(dealt.lanes).toEqual(lanes);
});

test('no items are no page', () => {
  expect(dealOut([], 8).pages).toEqual([]);
});

test('so many of a hundred may fail, rounded down', () => {
  expect(allowedOf({ ...FOREACH, allowFailed: { percent: 5 } }, 39)).toBe(1);
  expect(allowedOf({ ...FOREACH, allowFailed: 3 }, 10)).toBe(3);
});

test('steps with items count for as many attempts as they have at once', () => {
  const step = (id: string, atMost?: number) =>
    ({ id, ...(atMost === undefined ? {} : { foreach: { ...FOREACH, atMost } }) }) as PlanStep;
  expect(mostAtOnce({ concurrency: 4, steps: [step('a'), step('b')] })).toBe(4);
  expect(mostAtOnce({ concurrency: 2, steps: [step('a'), step('b', 10), step('c', 8)] })).toBe(18);
  expect(mostAtOnce({ concurrency: 3, steps: [step('a'), step('b', 10), step('c')] })).toBe(12);
});

test('sets of numbers are the same as text, as ranges and one by one', () => {
  const numbers = [0, 1, 2, 5, 7, 8, 100];
  expect(rangesText(numbers)).toBe('0-2,5,7-8,100');
  expect(numbersIn('0-2,5,7-8,100')).toEqual(numbers);
  expect(numbersIn('')).toEqual([]);
  let set: Ranges = [];
  for (const n of [5, 0, 2, 8, 1, 100, 7]) set = withNumber(set, n)!;
  expect(set).toEqual([
    [0, 2],
    [5, 5],
    [7, 8],
    [100, 100],
  ]);
  for (const n of numbers) expect(withNumber(set, n)).toBeUndefined();
});
