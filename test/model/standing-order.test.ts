import { expect, test } from '@jest/globals';

import { isRunOf, orderOf } from '../../src/model/standing-order.ts';

import type { StandingOrder } from '../../src/model/standing-order.ts';

const ORDER: StandingOrder = { by: 'schedule', id: 'nightly', job: '/j.yaml', out: '/out' };
const AT_MS = Date.parse('2026-11-27T03:15:00Z');

test('a run is named by its time and its partition, the same however often it is asked', () => {
  expect(orderOf(ORDER, { atMs: AT_MS }).runId).toBe('nightly-20261127-031500');
  const partition = '2026-10';
  expect(orderOf(ORDER, { atMs: AT_MS, partition }).runId).toBe('nightly-20261127-031500-2026-10');
});

test('a run of a backfill is named by its partition, for that is made once in it', () => {
  const order: StandingOrder = { ...ORDER, by: 'backfill', id: 'b-1' };
  expect(orderOf(order, { atMs: AT_MS, partition: '2026-10' }).runId).toBe('b-1-2026-10');
});

test('the longest id of an order leaves a run id of at most 100 characters for a time', () => {
  const order = { ...ORDER, id: 'n'.repeat(80) };
  expect(orderOf(order, { atMs: AT_MS }).runId).toHaveLength(96);
});

test('an order means no run of another name', () => {
  const run = orderOf(ORDER, { atMs: AT_MS });
  expect(isRunOf(run)).toBe(true);
  expect(isRunOf({ ...run, runId: 'nightly' })).toBe(false);
  expect(isRunOf({ ...run, atMs: AT_MS + 1000 })).toBe(false);
});
