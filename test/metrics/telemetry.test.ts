import { expect, test } from '@jest/globals';

import { MAX_STEPS } from '../../src/definition/profile.ts';
import { countersOf, mergeCounters } from '../../src/store/folds/counters.ts';
import { attempt, ended, newTelemetry, outcome, samples, shape, valuesOf } from './facts.ts';

import type { Fact } from '../../src/store/entries.ts';

const LABELS = 'job="sales",profile="nightly"';
const CLEAN = `{${LABELS},step="clean"}`;

test('has counters and histograms of every step at 0 before it runs, and no gauge of what did not happen', async () => {
  const telemetry = newTelemetry();
  telemetry.seed(shape);
  const status = await valuesOf(telemetry, 'pipeline_step_status_total');
  expect(Object.keys(status)).toHaveLength(2 * 8);
  expect(new Set(Object.values(status))).toEqual(new Set([0]));
  const all = await samples(telemetry);
  expect(all['pipeline_step_duration_seconds_count{profile="nightly",step="export"}']).toBe(0);
  expect(Object.keys(all).filter((key) => key.includes('_timestamp_'))).toEqual([]);
  expect(all[`pipeline_profile_core_step_info${CLEAN}`]).toBe(1);
  expect(all[`pipeline_profile_step_p95_threshold_seconds${CLEAN}`]).toBe(30);
});

test('drops the settings that a profile has no longer', async () => {
  const telemetry = newTelemetry();
  telemetry.seed(shape);
  telemetry.seed({ job: 'sales', profile: 'nightly', steps: shape.steps.slice(1) });
  const left = Object.keys(await samples(telemetry)).filter((key) => key.includes('_profile_'));
  expect(left).toEqual([`pipeline_profile_step_timeout_seconds{${LABELS},step="export"}`]);
});

test('tells of one run: duration of the attempt, one outcome, its time, rows, the run', async () => {
  const telemetry = newTelemetry();
  telemetry.record(attempt('run-1', 10_000));
  telemetry.record(outcome('run-1', 10_500, 'OK'));
  telemetry.record(ended('run-1', 11_000, 'OK'));
  expect(await samples(telemetry)).toMatchObject({
    'pipeline_step_duration_seconds_count{profile="nightly",step="clean"}': 1,
    'pipeline_step_duration_seconds_sum{profile="nightly",step="clean"}': 1.5,
    'pipeline_step_duration_seconds_bucket{le="0.8",profile="nightly",step="clean"}': 0,
    'pipeline_step_duration_seconds_bucket{le="1.6",profile="nightly",step="clean"}': 1,
    [`pipeline_step_status_total{${LABELS},step="clean",status="OK"}`]: 1,
    [`pipeline_step_status_total{${LABELS},step="clean",status="FAIL"}`]: 0,
    [`pipeline_step_last_duration_seconds${CLEAN}`]: 1.5,
    [`pipeline_step_completed_timestamp_seconds${CLEAN}`]: 10.5,
    [`pipeline_step_last_attempt_timestamp_seconds${CLEAN}`]: 10,
    [`pipeline_step_rows{${LABELS},step="clean",direction="in"}`]: 10,
    [`pipeline_step_rows{${LABELS},step="clean",direction="out"}`]: 9,
    [`pipeline_run_status_total{${LABELS},status="OK"}`]: 1,
    [`pipeline_run_completed_timestamp_seconds{${LABELS}}`]: 11,
    [`pipeline_run_info{run_id="run-1",${LABELS}}`]: 1,
  });
});

test.each(['FAIL', 'TIMEOUT', 'BUDGET_EXCEEDED'] as const)(
  'takes %s for a failure: its time is the last failure, not the last completion',
  async (status) => {
    const telemetry = newTelemetry();
    telemetry.record(outcome('run-1', 10_500, status));
    const all = await samples(telemetry);
    expect(all[`pipeline_step_failed_timestamp_seconds${CLEAN}`]).toBe(10.5);
    expect(all[`pipeline_step_completed_timestamp_seconds${CLEAN}`]).toBeUndefined();
  },
);

test.each(['SKIPPED', 'CANCELLED'] as const)('takes %s for neither', async (status) => {
  const telemetry = newTelemetry();
  telemetry.record(outcome('run-1', 10_500, status));
  const all = await samples(telemetry);
  expect(Object.keys(all).filter((key) => key.includes('timestamp'))).toEqual([]);
  expect(all[`pipeline_step_status_total{${LABELS},step="clean",status="${status}"}`]).toBe(1);
});

test('says when a run last failed; a cancelled one did not', async () => {
  const telemetry = newTelemetry();
  telemetry.record(ended('run-1', 11_000, 'FAIL'));
  telemetry.record(ended('run-2', 12_000, 'CANCELLED'));
  const all = await samples(telemetry);
  expect(all[`pipeline_run_failed_timestamp_seconds{${LABELS}}`]).toBe(11);
  expect(all[`pipeline_run_completed_timestamp_seconds{${LABELS}}`]).toBeUndefined();
  expect(all[`pipeline_run_ended_timestamp_seconds{${LABELS}}`]).toBe(12);
  expect(all[`pipeline_run_last_duration_seconds{${LABELS}}`]).toBe(2);
});

test('the end of a run whose start another worker saw does not make old settings look new', async () => {
  const telemetry = newTelemetry();
  const started = async () =>
    (await samples(telemetry))[`pipeline_run_started_timestamp_seconds{${LABELS}}`];
  telemetry.record(ended('run-1', 11_000, 'OK'));
  expect(await started()).toBe(9);
  telemetry.seed(shape);
  telemetry.runStarted({ runId: 'run-2', job: 'sales', profile: 'nightly' }, 20_000);
  telemetry.record(ended('run-3', 99_000, 'OK'));
  expect(await started()).toBe(20);
});

test('a failed attempt has a last duration but is not in the histogram', async () => {
  const telemetry = newTelemetry();
  telemetry.record(attempt('run-1', 10_000, { result: 'fail', observed: false, durationMs: 700 }));
  const all = await samples(telemetry);
  expect(all[`pipeline_step_last_duration_seconds${CLEAN}`]).toBe(0.7);
  expect(
    all['pipeline_step_duration_seconds_count{profile="nightly",step="clean"}'],
  ).toBeUndefined();
  expect(all['pipeline_step_attempts_total{profile="nightly",step="clean",result="fail"}']).toBe(1);
});

test('a fact that arrives late does not turn a last value back', async () => {
  const telemetry = newTelemetry();
  telemetry.record(attempt('run-2', 20_000, { durationMs: 2000 }));
  telemetry.record(attempt('run-1', 10_000, { durationMs: 1000 }));
  telemetry.record(outcome('run-2', 20_000, 'OK'));
  telemetry.record(outcome('run-1', 10_000, 'OK'));
  const all = await samples(telemetry);
  expect(all[`pipeline_step_last_duration_seconds${CLEAN}`]).toBe(2);
  expect(all[`pipeline_step_completed_timestamp_seconds${CLEAN}`]).toBe(20);
});

test('shows since when a step runs, the oldest of several runs, and nothing once none does', async () => {
  const telemetry = newTelemetry();
  const run = (runId: string) => ({ runId, job: 'sales', profile: 'nightly' });
  const started = async () =>
    (await samples(telemetry))[`pipeline_step_started_timestamp_seconds${CLEAN}`];
  telemetry.stepStarted(run('run-2'), 'clean', 20_000);
  telemetry.stepStarted(run('run-1'), 'clean', 10_000);
  expect(await started()).toBe(10);
  telemetry.stepStopped(run('run-1'), 'clean');
  expect(await started()).toBe(20);
  telemetry.stepStopped(run('run-2'), 'clean');
  expect(await started()).toBeUndefined();
});

test('a thousand runs leave the number of series as it is, and keep the last twenty by name', async () => {
  const telemetry = newTelemetry();
  const play = (from: number, to: number): void => {
    for (let i = from; i < to; i += 1) {
      telemetry.seed(shape);
      telemetry.record(attempt(`run-${i}`, i * 1000));
      telemetry.record(outcome(`run-${i}`, i * 1000, 'OK'));
      telemetry.record(ended(`run-${i}`, i * 1000 + 1, 'OK'));
    }
  };
  play(1, 31);
  const before = Object.keys(await samples(telemetry)).length;
  play(31, 1031);
  expect(Object.keys(await samples(telemetry))).toHaveLength(before);
  const runs = Object.keys(await valuesOf(telemetry, 'pipeline_run_info'));
  expect(runs).toHaveLength(20);
  expect(runs.at(-1)).toContain('run-1030');
});

test('the sums of facts give what the facts give, on the bound of a bucket as well', async () => {
  const facts = [1, 2, 3].flatMap((i) => [
    attempt(`run-${i}`, i * 1000, { durationMs: 50, ...(i === 3 ? { rowsIn: 7 } : {}) }),
    attempt(`run-${i}`, i * 1000 + 1, { result: 'fail', observed: false, durationMs: 20 }),
    attempt(`run-${i}`, i * 1000 + 2, { result: 'lost', observed: false, durationMs: 0 }),
    outcome(`run-${i}`, i * 1000 + 3, i === 2 ? 'WARN' : i === 3 ? 'FAIL' : 'OK'),
    ended(`run-${i}`, i * 1000 + 4, i === 3 ? 'FAIL' : 'OK'),
  ]);
  const recorded = newTelemetry();
  for (const fact of facts) recorded.record(fact);
  const loaded = newTelemetry();
  const [older, newer] = [countersOf(facts.slice(0, 7)), countersOf(facts.slice(7))];
  loaded.load(JSON.parse(JSON.stringify(mergeCounters(older, newer))));
  expect(await samples(loaded)).toEqual(await samples(recorded));
});

test('beyond its bound makes no new series, says so, and goes on counting those it has', async () => {
  const telemetry = newTelemetry(200);
  telemetry.seed(shape);
  telemetry.record(outcome('run-1', 1000, 'OK'));
  for (let i = 0; i < 50; i += 1) {
    telemetry.seedStep({ job: 'sales', profile: `p${i}` }, 'clean');
  }
  telemetry.record(outcome('run-2', 2000, 'OK'));
  const all = await samples(telemetry);
  expect(telemetry.seriesCount()).toBeLessThanOrEqual(200);
  expect(all['pipeline_metrics_errors_total{reason="series_limit"}']).toBeGreaterThan(0);
  expect(all[`pipeline_step_status_total{${LABELS},step="clean",status="OK"}`]).toBe(2);
});

test('the largest plan that is allowed stays below the bound, whatever becomes of its steps', async () => {
  const telemetry = newTelemetry();
  const ids = Array.from({ length: MAX_STEPS }, (_, i) => `step_${i}`);
  const step = { kind: 'check.table', core: true, timeoutMs: 60_000, p95Ms: 1000 };
  telemetry.seed({
    job: 'sales',
    profile: 'nightly',
    expectedEveryMs: 3_600_000,
    steps: ids.map((id) => ({ ...step, id })),
  });
  for (const id of ids) {
    telemetry.record(attempt('run-1', 1000, { step: id, rowsRejected: 1 }));
    const { outcome: about, ...rest } = outcome('run-1', 2000, 'WARN') as Extract<
      Fact,
      { type: 'outcome' }
    >;
    telemetry.record({ ...rest, outcome: { ...about, step: id } });
  }
  const all = await samples(telemetry);
  const completed = Object.keys(all).filter((name) =>
    name.startsWith('pipeline_step_completed_timestamp_seconds{'),
  );
  expect(completed).toHaveLength(MAX_STEPS);
  expect(all['pipeline_metrics_errors_total{reason="series_limit"}']).toBe(0);
});

test('a fact that cannot be recorded is counted, not thrown', async () => {
  const telemetry = newTelemetry();
  telemetry.record({ ...outcome('run-1', 1, 'OK'), outcome: undefined } as never);
  expect((await samples(telemetry))['pipeline_metrics_errors_total{reason="record"}']).toBe(1);
});
