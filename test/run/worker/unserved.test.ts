import { expect, test } from '@jest/globals';

import { makeUnserved, queuesOfOpenRuns } from '../../../src/run/worker/unserved.ts';

import type { RunRecord } from '../../../src/model/run-record.ts';

test('tells how long an open run has waited with nobody polling its queue, and nothing otherwise', async () => {
  let nowMs = 100_000;
  let isServed = false;
  let awaited = [
    { taskQueue: 'builder', sinceMs: 70_000 },
    { taskQueue: 'builder', sinceMs: 90_000 },
  ];
  const queues = makeUnserved({
    awaited: async () => awaited,
    isServed: async () => isServed,
    now: () => nowMs,
  });
  await queues.look();
  expect([...queues.ages()]).toEqual([['builder', 30]]);
  nowMs = 110_000;
  expect([...queues.ages()]).toEqual([['builder', 40]]);
  isServed = true;
  await queues.look();
  expect([...queues.ages()]).toEqual([]);
  isServed = false;
  nowMs = 115_000;
  await queues.look();
  expect([...queues.ages()]).toEqual([['builder', 5]]);
  awaited = [];
  await queues.look();
  expect([...queues.ages()]).toEqual([]);
});

test('a service that does not answer leaves what was known', async () => {
  const asked = [async () => false, () => Promise.reject(new Error('unavailable'))];
  const queues = makeUnserved({
    awaited: async () => [{ taskQueue: 'builder', sinceMs: 1000 }],
    isServed: () => asked.shift()!(),
    now: () => 3000,
  });
  await queues.look();
  await expect(queues.look()).rejects.toThrow('unavailable');
  expect([...queues.ages()]).toEqual([['builder', 2]]);
});

test('of the open runs of a state folder those that wait in this engine count', async () => {
  const here = { kind: 'service' as const, address: 'temporal:7233', namespace: 'default' };
  const records = [
    { task_queue: 'builder', engine: here },
    { task_queue: 'else', engine: { ...here, namespace: 'other' } },
    { engine: here },
    { task_queue: 'waits for its engine' },
  ].map((record) => ({ ...record, started_at: '1970-01-01T00:00:07Z' }) as RunRecord);
  const awaited = queuesOfOpenRuns({ list: async () => records }, here);
  expect(await awaited()).toEqual([{ taskQueue: 'builder', sinceMs: 7000 }]);
});
