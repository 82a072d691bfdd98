import { expect, test } from '@jest/globals';

import { MAX_STEPS } from '../../src/definition/many-steps.ts';
import {
  attempt,
  began,
  ended,
  memoryStore,
  newTelemetry,
  outcome,
  processOn,
  samples,
  shape,
  startedWith,
  valuesOf,
} from './facts.ts';

import type { Fact, RunEntry } from '../../src/store/entries.ts';

const LABELS = 'job="sales",profile="nightly"';
const CLEAN = `{${LABELS},step="clean"}`;

test('has counters and histograms of every step at 0 before it runs, and no gauge of what did not happen', async () => {
  const { telemetry, add } = processOn();
  telemetry.seed(shape);
  await add(startedWith(shape, 'run-1', 1000));
  const status = await valuesOf(telemetry, 'pipeline_step_status_total');
  expect(Object.keys(status)).toHaveLength(2 * 8);
  expect(new Set(Object.values(status))).toEqual(new Set([0]));
  const all = await samples(telemetry);
  expect(all[`pipeline_step_duration_seconds_count{${LABELS},step="export"}`]).toBe(0);
  expect(Object.keys(all).filter((key) => /_step_.*_timestamp_/.test(key))).toEqual([]);
  expect(all[`pipeline_profile_core_step_info${CLEAN}`]).toBe(1);
  expect(all[`pipeline_profile_step_p95_threshold_seconds${CLEAN}`]).toBe(30);
});

test('drops the steps and settings that a profile has no longer', async () => {
  const { telemetry, add } = processOn();
  await add(startedWith(shape, 'run-1', 1000), outcome('run-1', 1500, 'FAIL'));
  const left = { job: 'sales', profile: 'nightly', steps: shape.steps.slice(1) };
  await add(startedWith(left, 'run-2', 2000));
  const keys = Object.keys(await samples(telemetry));
  expect(keys.filter((key) => key.includes('step="clean"'))).toEqual([]);
  expect(keys.filter((key) => key.includes('_profile_'))).toEqual([
    `pipeline_profile_step_timeout_seconds{${LABELS},step="export"}`,
  ]);
});

test('tells of one run: duration of the attempt, one outcome, its time, rows, the run', async () => {
  const { telemetry, add } = processOn();
  await add(attempt('run-1', 10_000), outcome('run-1', 10_500, 'OK'), ended('run-1', 11_000, 'OK'));
  expect(await samples(telemetry)).toMatchObject({
    [`pipeline_step_duration_seconds_count${CLEAN}`]: 1,
    [`pipeline_step_duration_seconds_sum${CLEAN}`]: 1.5,
    [`pipeline_step_duration_seconds_bucket{${LABELS},step="clean",le="0.5"}`]: 0,
    [`pipeline_step_duration_seconds_bucket{${LABELS},step="clean",le="2"}`]: 1,
    [`pipeline_step_duration_seconds_bucket{${LABELS},step="clean",le="+Inf"}`]: 1,
    [`pipeline_step_status_total{${LABELS},step="clean",status="OK"}`]: 1,
    [`pipeline_step_status_total{${LABELS},step="clean",status="FAIL"}`]: 0,
    [`pipeline_step_last_duration_seconds${CLEAN}`]: 1.5,
    [`pipeline_step_completed_timestamp_seconds${CLEAN}`]: 10.5,
    [`pipeline_step_rows{${LABELS},step="clean",direction="out"}`]: 9,
    [`pipeline_run_status_total{${LABELS},status="OK"}`]: 1,
    [`pipeline_run_completed_timestamp_seconds{${LABELS}}`]: 11,
    [`pipeline_run_info{run_id="run-1",${LABELS}}`]: 1,
  });
});

test.each(['FAIL', 'TIMEOUT', 'BUDGET_EXCEEDED'] as const)(
  'takes %s for a failure: its time is the last failure, not the last completion',
  async (status) => {
    const { telemetry, add } = processOn();
    await add(outcome('run-1', 10_500, status));
    const all = await samples(telemetry);
    expect(all[`pipeline_step_failed_timestamp_seconds${CLEAN}`]).toBe(10.5);
    expect(all[`pipeline_step_completed_timestamp_seconds${CLEAN}`]).toBeUndefined();
  },
);

test('names the run that failed last, or whose step did, whatever has run since', async () => {
  const { telemetry, add } = processOn();
  const failed = async (): Promise<readonly string[]> =>
    Object.keys(await valuesOf(telemetry, 'pipeline_run_failed_info'));
  await add(outcome('run-1', 1000, 'OK'), ended('run-1', 1100, 'OK'));
  expect(await failed()).toEqual([]);
  await add(outcome('run-2', 2000, 'FAIL'));
  expect(await failed()).toEqual([expect.stringContaining('run_id="run-2"')]);
  await add(ended('run-3', 3000, 'FAIL'), ended('run-4', 4000, 'CANCELLED'));
  await add(outcome('run-5', 5000, 'OK'), ended('run-5', 5100, 'OK'));
  expect(await failed()).toEqual([expect.stringContaining('run_id="run-3"')]);
});

test.each([
  ['FAIL', 'OK', 'completed'],
  ['OK', 'FAIL', 'failed'],
] as const)(
  'what a clock a day ahead told as %s goes, once it is put right and %s is told',
  async (wrong, right, is) => {
    const { telemetry, add } = processOn();
    const nowMs = Date.now();
    const aheadMs = nowMs + 86_400_000;
    const times = async (): Promise<readonly string[]> =>
      Object.entries(await samples(telemetry))
        .filter(([key, value]) => /_(completed|failed)_timestamp/.test(key) && value > 0)
        .map(([key, value]) => `${key.split('{')[0]} ${value}`);
    await add(outcome('run-1', aheadMs, wrong), ended('run-1', aheadMs, wrong));
    expect(await times()).toHaveLength(2);
    await add(outcome('run-2', nowMs, right), ended('run-2', nowMs, right));
    expect(await times()).toEqual([
      `pipeline_step_${is}_timestamp_seconds ${nowMs / 1000}`,
      `pipeline_run_${is}_timestamp_seconds ${nowMs / 1000}`,
    ]);
    // Minutes are no such thing: clocks of machines differ.
    await add(outcome('run-3', nowMs + 300_000, wrong), outcome('run-4', nowMs + 1000, right));
    expect(await times()).toHaveLength(3);
  },
);

test.each(['SKIPPED', 'CANCELLED'] as const)('takes %s for neither', async (status) => {
  const { telemetry, add } = processOn();
  await add(outcome('run-1', 10_500, status));
  const all = await samples(telemetry);
  expect(Object.keys(all).filter((key) => key.includes('timestamp'))).toEqual([]);
  expect(all[`pipeline_step_status_total{${LABELS},step="clean",status="${status}"}`]).toBe(1);
});

test('says when a run last failed; a cancelled one did not', async () => {
  const { telemetry, add } = processOn();
  await add(ended('run-1', 11_000, 'FAIL'), ended('run-2', 12_000, 'CANCELLED'));
  const all = await samples(telemetry);
  expect(all[`pipeline_run_failed_timestamp_seconds{${LABELS}}`]).toBe(11);
  expect(all[`pipeline_run_completed_timestamp_seconds{${LABELS}}`]).toBeUndefined();
  expect(all[`pipeline_run_ended_timestamp_seconds{${LABELS}}`]).toBe(12);
  expect(all[`pipeline_run_last_duration_seconds{${LABELS}}`]).toBe(2);
});

test('a failed attempt has a last duration but is not in the histogram; one over its time limit has failed', async () => {
  const { telemetry, add } = processOn();
  const failed = { observed: false, durationMs: 700 };
  await add(attempt('run-1', 10_000, { ...failed, result: 'fail' }));
  await add(attempt('run-1', 10_001, { ...failed, result: 'timeout', attempt: 2 }));
  await add(attempt('run-1', 10_002, { ...failed, result: 'lost', durationMs: 0, attempt: 3 }));
  await add(attempt('run-1', 10_003, { ...failed, result: 'cancelled', attempt: 4 }));
  const all = await samples(telemetry);
  expect(all[`pipeline_step_last_duration_seconds${CLEAN}`]).toBe(0.7);
  expect(all[`pipeline_step_duration_seconds_count${CLEAN}`]).toBe(0);
  expect(await valuesOf(telemetry, 'pipeline_step_attempts_total')).toEqual({
    [`{${LABELS},step="clean",result="fail"}`]: 2,
    [`{${LABELS},step="clean",result="lost"}`]: 1,
  });
});

test('a fact that arrives late does not turn a last value back', async () => {
  const { telemetry, add } = processOn();
  await add(attempt('run-2', 20_000, { durationMs: 2000 }), outcome('run-2', 20_000, 'OK'));
  await add(attempt('run-1', 10_000, { durationMs: 1000 }), outcome('run-1', 10_000, 'OK'));
  const all = await samples(telemetry);
  expect(all[`pipeline_step_last_duration_seconds${CLEAN}`]).toBe(2);
  expect(all[`pipeline_step_completed_timestamp_seconds${CLEAN}`]).toBe(20);
});

test('shows how long a step has run, the longest of several runs, and nothing once none does', async () => {
  let nowMs = 25_000;
  const { telemetry, add } = processOn({ now: () => nowMs });
  const running = async () => (await samples(telemetry))[`pipeline_step_running_seconds${CLEAN}`];
  await add(began('run-2', 20_000), began('run-1', 10_000));
  expect(await running()).toBe(15);
  nowMs = 26_000;
  expect(await running()).toBe(16);
  await add(attempt('run-1', 26_000));
  expect(await running()).toBe(6);
  await add(outcome('run-2', 26_000, 'CACHED'));
  expect(await running()).toBeUndefined();
});

test('a run that is started again runs nothing of its start before', async () => {
  const { telemetry, add } = processOn();
  await add(began('run-1', 10_000), { ...startedWith(shape, 'run-1', 20_000), generation: 2 });
  expect(await valuesOf(telemetry, 'pipeline_step_running_seconds')).toEqual({});
});

test('the usual duration is the median of the last ten that ended well, without the newest, from five on', async () => {
  const { telemetry, add } = processOn();
  const usual = async () =>
    (await samples(telemetry))[`pipeline_step_usual_duration_seconds${CLEAN}`];
  for (let n = 1; n <= 5; n += 1) await add(attempt(`run-${n}`, n, { durationMs: n * 1000 }));
  await add(attempt('failed', 6, { result: 'fail', observed: false, durationMs: 99_000 }));
  expect(await usual()).toBeUndefined();
  await add(attempt('run-6', 7, { durationMs: 90_000 }));
  expect(await usual()).toBe(3);
  for (let n = 7; n <= 30; n += 1) await add(attempt(`run-${n}`, n + 1, { durationMs: n * 1000 }));
  expect(await usual()).toBe(24.5);
});

const LABELLED = /^pipeline_(step|check|run|profile)_/;

test('every metric of a job says which', async () => {
  const { telemetry, add } = processOn();
  telemetry.seed(shape);
  await add(startedWith(shape, 'run-1', 1), attempt('run-1', 2), outcome('run-1', 3, 'WARN'));
  await add(ended('run-1', 4, 'OK'), began('run-2', 5));
  const keys = Object.keys(await samples(telemetry)).filter((key) => LABELLED.test(key));
  expect(keys.length).toBeGreaterThan(50);
  expect(keys.filter((key) => !key.includes('job="sales"'))).toEqual([]);
});

test('a thousand runs leave the number of series as it is, and keep the last by name', async () => {
  const { telemetry, add } = processOn();
  const play = async (from: number, to: number): Promise<void> => {
    for (let i = from; i < to; i += 1) {
      telemetry.seed(shape);
      const run = `run-${i}`;
      await add(startedWith(shape, run, i * 1000), attempt(run, i * 1000));
      await add(outcome(run, i * 1000, 'OK'), ended(run, i * 1000 + 1, 'OK'));
    }
  };
  await play(1, 31);
  const before = Object.keys(await samples(telemetry)).length;
  await play(31, 1031);
  expect(Object.keys(await samples(telemetry))).toHaveLength(before);
  const runs = Object.keys(await valuesOf(telemetry, 'pipeline_run_info'));
  expect(runs).toHaveLength(20);
  expect(runs.at(-1)).toContain('run-1030');
});

/** Everything that may happen to a step, and to its run. */
function everything(step: string): readonly RunEntry[] {
  const facts = ['OK', 'WARN', 'CACHED', 'SKIPPED', 'FAIL', 'TIMEOUT', 'CANCELLED'] as const;
  const of = (fact: Fact): Fact =>
    (fact.type === 'outcome'
      ? { ...fact, outcome: { ...fact.outcome, step, failedChecks: ['a', 'b', 'c'] } }
      : { ...fact, step }) as Fact;
  return [
    ...facts.map((status, i) => of(outcome(`run-${i}`, 1000, status))),
    ...Array.from({ length: 12 }, (_, i) => of(attempt(`run-${i}`, i + 1, { rowsRejected: 1 }))),
    of(attempt('run-20', 1, { result: 'lost', observed: false })),
    of(attempt('run-21', 1, { result: 'timeout', observed: false })),
    began('run-22', 3000, step),
  ];
}

const shapeOfMany = (job: string, ids: readonly string[]) => ({
  ...{ job, profile: 'nightly', expectedEveryMs: 3_600_000 },
  steps: ids.map((id) => ({ kind: 'check.table', core: true, timeoutMs: 60_000, p95Ms: 1000, id })),
});

test('a step with everything that there is has at most 30 series', async () => {
  const { telemetry, add } = processOn();
  const whole = shapeOfMany('sales', ['clean']);
  telemetry.seed(whole);
  await add(startedWith(whole, 'run-1', 2000), ...everything('clean'));
  const keys = Object.keys(await samples(telemetry)).filter((key) => key.includes('step="clean"'));
  expect(keys).toHaveLength(30);
});

test('items add seven to the series of their step, and those are within the bound of a process', async () => {
  const whole = shapeOfMany('sales', ['one', 'two', 'three', 'four']);
  const steps = whole.steps.map((step) => ({ ...step, items: true as const }));
  // The runs, and four steps without items.
  const { telemetry, add } = processOn({ maxSeries: 30 + 4 * 30 });
  telemetry.seed({ ...whole, steps });
  await add(
    startedWith({ ...whole, steps }, 'run-1', 2000),
    ...steps.flatMap(({ id }) => everything(id)),
  );
  const all = await samples(telemetry);
  const keys = Object.keys(all);
  expect(keys.filter((key) => key.includes('step="one"'))).toHaveLength(37);
  expect(keys.filter((key) => key.includes('job=')).length).toBeLessThanOrEqual(150);
  expect(all['pipeline_metrics_errors_total{reason="series_limit"}']).toBe(1);
});

test.each([
  ['the largest plan that is allowed', 1, MAX_STEPS],
  ['forty jobs of twenty steps', 40, 20],
])('%s stays below the bound, whatever becomes of its steps', async (_what, jobs, steps) => {
  const { telemetry, add } = processOn();
  const ids = Array.from({ length: steps }, (_, i) => `step_${i}`);
  const events = ids.flatMap(everything);
  for (let n = 0; n < jobs; n += 1) {
    const whole = shapeOfMany(`job_${n}`, ids);
    telemetry.seed(whole);
    const ofJob = events.map((entry) => ({
      ...entry,
      job: whole.job,
      runId: `${n}-${entry.runId}`,
    }));
    await add(startedWith(whole, `${n}-start`, 2000), ...ofJob);
  }
  const completed = await valuesOf(telemetry, 'pipeline_step_completed_timestamp_seconds');
  expect(Object.keys(completed)).toHaveLength(jobs * steps);
  expect(telemetry.seriesCount()).toBeLessThanOrEqual(30_000);
  const errors = await valuesOf(telemetry, 'pipeline_metrics_errors_total');
  expect(errors['{reason="series_limit"}']).toBe(0);
});

test('beyond its bound shows nothing new, says so once for each, and goes on with what it has', async () => {
  const { telemetry, add } = processOn({ maxSeries: 150 });
  telemetry.seed(shape);
  await add(outcome('run-1', 1000, 'OK'));
  await samples(telemetry);
  for (let i = 0; i < 50; i += 1) telemetry.seedStep({ job: 'a', profile: `p${i}` }, 'clean');
  await add(outcome('run-2', 2000, 'OK'));
  await samples(telemetry);
  const all = await samples(telemetry);
  expect(Object.keys(all).filter((key) => key.includes('job=')).length).toBeLessThanOrEqual(150);
  expect(all['pipeline_metrics_errors_total{reason="series_limit"}']).toBe(50 - 2);
  expect(all[`pipeline_step_status_total{${LABELS},step="clean",status="OK"}`]).toBe(2);
});

test('a store that does not answer keeps no scrape waiting, and is not asked anew by each', async () => {
  const store = memoryStore();
  let looks = 0;
  let answer = (): void => undefined;
  let isAway = false;
  const { telemetry, add } = processOn({
    store: {
      ...store,
      changes: async (cursor) => {
        looks += 1;
        if (isAway) await new Promise<void>((resolve) => (answer = resolve));
        return store.changes(cursor);
      },
    },
    storeLimitMs: 10,
  });
  const completed = async (): Promise<unknown> =>
    (await samples(telemetry))[`pipeline_step_completed_timestamp_seconds${CLEAN}`];
  await add(outcome('run-1', 1000, 'OK'));
  expect(await completed()).toBe(1);
  isAway = true;
  looks = 0;
  await add(outcome('run-2', 2000, 'OK'));
  for (let n = 0; n < 5; n += 1) expect(await completed()).toBe(1);
  expect(looks).toBe(1);
  const all = await samples(telemetry);
  expect(all['pipeline_metrics_errors_total{reason="store"}']).toBe(6);
  isAway = false;
  answer();
  expect(await completed()).toBe(2);
});

test('a store that cannot be written or read costs nothing that was counted', async () => {
  const store = memoryStore();
  let isBroken = false;
  const refuse = async (): Promise<never> => {
    throw new Error('the disk is full');
  };
  const { telemetry, add } = processOn({
    store: {
      ...store,
      append: (...args) => (isBroken ? refuse() : store.append(...args)),
      changes: (...args) => (isBroken ? refuse() : store.changes(...args)),
    },
  });
  await add(outcome('run-1', 1000, 'OK'));
  await samples(telemetry);
  isBroken = true;
  await add(outcome('run-2', 2000, 'OK'));
  const all = await samples(telemetry);
  expect(all[`pipeline_step_status_total{${LABELS},step="clean",status="OK"}`]).toBe(2);
  expect(all[`pipeline_step_completed_timestamp_seconds${CLEAN}`]).toBe(2);
  expect(all['pipeline_metrics_errors_total{reason="claim"}']).toBe(1);
  expect((await samples(telemetry))['pipeline_metrics_errors_total{reason="store"}']).toBe(2);
});

test('tells the mode of its process, its versions, and the disk of the state folder', async () => {
  const versions = { version: '1', node: '2', sdk: '3' };
  const telemetry = newTelemetry({ mode: 'long-lived', versions, stateDir: '.' });
  const all = await samples(telemetry);
  expect(all['pipeline_exporter_info{mode="long-lived"}']).toBe(1);
  expect(all['pipeline_build_info{version="1",node="2",temporal_sdk="3"}']).toBe(1);
  const [free = 0, size = 0] = ['free', 'size'].map((of) => all[`pipeline_state_disk_${of}_bytes`]);
  expect(free).toBeGreaterThan(0);
  expect(size).toBeGreaterThanOrEqual(free);
});

test('quotes what a label holds as the format wants it', async () => {
  const { telemetry } = processOn();
  telemetry.seedStep({ job: 'a "b" \\ c\nd', profile: 'p' }, 's');
  expect(await telemetry.text()).toContain('{job="a \\"b\\" \\\\ c\\nd",profile="p",step="s"} 0');
});
