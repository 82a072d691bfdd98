import fc from 'fast-check';
import { expect, test } from '@jest/globals';

import { holds, mentionsIn } from '../../src/model/condition.ts';
import { compareMoments, momentOf } from '../../src/model/moment.ts';

import type { Condition, Scalar } from '../../src/model/plan.ts';

const none = (): undefined => undefined;
const of =
  (value: Scalar) =>
  (condition: object): boolean =>
    holds({ value, ...condition }, none);

test('compares numbers by value', () => {
  const three = of(3);
  expect([
    three({ above: 2.5 }),
    three({ above: 3 }),
    three({ at_least: 3 }),
    three({ below: 3 }),
    three({ at_most: 3 }),
    three({ equals: 3 }),
    three({ not_equals: 3 }),
    three({ in: [1, 3] }),
    three({ not_in: [1, 3] }),
  ]).toEqual([true, false, true, false, true, true, false, true, false]);
});

test('compares dates and times by the moment they name', () => {
  expect(of('2026-03-01')({ above: '2026-02-28' })).toBe(true);
  expect(of('2026-03-01')({ at_least: '2026-03-01T00:00:00' })).toBe(true);
  expect(of('2026-03-01T01:00:00+01:00')({ equals: '2026-03-01T00:00:00Z' })).toBe(false);
  expect(of('2026-03-01T01:00:00+01:00')({ at_most: '2026-03-01T00:00:00Z' })).toBe(true);
  expect(of('2026-03-01 00:00:00.000000001')({ above: '2026-03-01' })).toBe(true);
});

test.each<[string, Scalar, object]>([
  ['a text and a number', '3', { above: 2 }],
  ['a text that is no date', 'b', { above: 'a' }],
  ['a date that there is not', '2026-02-30', { above: '2026-01-01' }],
  ['a time with a zone and one without', '2026-03-01T00:00:00Z', { above: '2026-01-01' }],
  ['true and a number', true, { above: 0 }],
  ['nothing and a number', null, { below: 1 }],
  ['a number and a pattern', 3, { matches: '3' }],
])('%s have no order, so no comparison of it holds', (_name, value, condition) => {
  expect(of(value)(condition)).toBe(false);
});

test('a pattern is found in a text', () => {
  expect(of('north-7')({ matches: '^north-[0-9]+$' })).toBe(true);
  expect(of('south-7')({ matches: '^north' })).toBe(false);
});

test('joins conditions, and looks at what other steps returned and how they ended', () => {
  const rows: Condition = { value: { $ref: 'steps.a.values.rows' }, above: 0 };
  const failed: Condition = { value: { $ref: 'steps.a.status' }, in: ['FAIL', 'TIMEOUT'] };
  const either: Condition = { any: [rows, failed] };
  const world = (values: Record<string, Scalar>, status: string) => (c: Condition) =>
    holds(c, (mention) => (mention.part === 'outcome' ? status : values[mention.name]));

  expect(world({ rows: 1 }, 'OK')(either)).toBe(true);
  expect(world({ rows: 0 }, 'OK')(either)).toBe(false);
  expect(world({}, 'FAIL')(either)).toBe(true);
  expect(world({ rows: 1 }, 'FAIL')({ all: [rows, failed] })).toBe(true);
  expect(world({ rows: 1 }, 'OK')({ all: [rows, { not: failed }] })).toBe(true);
  // What is missing does not hold; that it does not, does.
  expect(world({}, 'OK')(rows)).toBe(false);
  expect(world({}, 'OK')({ not: rows })).toBe(true);
  expect(mentionsIn({ all: [either, { not: rows }] }).map(({ name }) => name)).toEqual([
    'rows',
    'status',
    'rows',
  ]);
});

test('a moment is the one that JavaScript reads, to the millisecond', () => {
  fc.assert(
    fc.property(
      fc.date({ min: new Date('1000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
      (date) => {
        const text = date.toISOString();
        expect(momentOf(text)).toEqual({ ns: BigInt(date.getTime()) * 1_000_000n, hasZone: true });
        expect(momentOf(text.slice(0, 23).replace('T', ' '))?.ns).toBe(momentOf(text)?.ns);
      },
    ),
  );
  const [a, b] = ['2026-03-29T02:30:00+05:30', '2026-03-28T21:00Z'].map(momentOf);
  expect(compareMoments(a!, b!)).toBe(0);
});

test.each([
  '2026-13-01',
  '2026-3-1',
  '2026-03-01T24:00',
  '2026-03-01T10:00:60',
  '20260301',
  '',
  '31/12/23',
])('%p names no moment', (text) => expect(momentOf(text)).toBeUndefined());
