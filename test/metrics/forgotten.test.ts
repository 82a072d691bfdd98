import { expect, test } from '@jest/globals';

import {
  attempt,
  ended,
  memoryStore,
  outcome,
  processOn,
  samples,
  shape,
  startedWith,
} from './facts.ts';

import type { Process } from './facts.ts';

const oneRun = (n: number) =>
  [
    startedWith(shape, `run-${n}`, n * 1000),
    attempt(`run-${n}`, n * 1000 + 1),
    outcome(`run-${n}`, n * 1000 + 2, 'FAIL'),
    ended(`run-${n}`, n * 1000 + 3, 'FAIL'),
  ] as const;

const shown = async ({ telemetry }: Process): Promise<readonly string[]> =>
  Object.keys(await samples(telemetry)).filter((key) => key.includes('job="sales"'));

test('a job that is forgotten has no series in any exporter, and is back when it runs again', async () => {
  const store = memoryStore();
  const [worker, other] = [processOn({ store }), processOn({ store, exporter: '9100' })];
  worker.telemetry.seed({ ...shape, job: 'kept' });
  await worker.add(...oneRun(1));
  expect((await shown(worker)).length).toBeGreaterThan(20);
  expect((await shown(other)).length).toBeGreaterThan(5);
  await store.append([{ type: 'forget', job: 'sales', atMs: 5000 }]);
  expect(await shown(worker)).toEqual([]);
  expect(await shown(other)).toEqual([]);
  expect(await worker.telemetry.text()).toContain('job="kept"');
  await worker.add(...oneRun(6));
  const again = await samples(worker.telemetry);
  const failures =
    'pipeline_step_status_total{job="sales",profile="nightly",step="clean",status="FAIL"}';
  expect(again[failures]).toBe(2);
});

test('what a job that came back had in a profile of before stays gone', async () => {
  const store = memoryStore();
  const { telemetry, add } = processOn({ store });
  await add({ ...startedWith({ ...shape, profile: 'old' }, 'run-0', 1000), profile: 'old' });
  await store.append([{ type: 'forget', job: 'sales', atMs: 5000 }]);
  await add(...oneRun(6));
  const text = await telemetry.text();
  expect(text).toContain('profile="nightly"');
  expect(text).not.toContain('profile="old"');
});
