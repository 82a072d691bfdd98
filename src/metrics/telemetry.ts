/**
 * What the facts of runs mean in metrics. What earlier processes counted is loaded as sums.
 *
 * 1. A fact is recorded once; whoever won it in the journal records it.
 * 2. Nothing here throws: a fact that cannot be recorded is counted as an error.
 * 3. A gauge that says "last" never goes back in time.
 */

import { ENDINGS } from '../model/endings.ts';
import { RUN_STATUSES, STATUSES, isFailure, isSuccess } from '../model/outcome.ts';
import { ROW_DIRECTIONS, RUNS_KEPT } from './catalogue.ts';
import { makeInstruments } from './instruments.ts';
import { showRuns, showStep } from './show-counters.ts';

import type { RunKey, RunShape } from '../model/events.ts';
import type { Fact } from '../store/entries.ts';
import type { Counters } from '../store/folds/counters.ts';
import type { MetricsError } from './catalogue.ts';
import type { PromClient, PromRegistry } from './prom-client.ts';

type Place = Pick<RunKey, 'job' | 'profile'>;
type RunPlace = Pick<RunKey, 'runId' | 'job' | 'profile'>;
type AttemptFact = Extract<Fact, { type: 'attempt' }>;
type OutcomeFact = Extract<Fact, { type: 'outcome' }>;
type RunFact = Extract<Fact, { type: 'run' }>;

export type Telemetry = {
  readonly registry: PromRegistry;
  /** Makes every series of a run appear before its first step, and shows the profile's alert settings. */
  seed(shape: RunShape): void;
  /** The same for the series one attempt touches, on a worker that has not seen the run's start. */
  seedStep(place: Place, step: string): void;
  /** An attempt begins in this process. */
  stepStarted(run: RunPlace, step: string, atMs: number): void;
  /** It ended, or is known to have ended although it never returned. */
  stepStopped(run: RunPlace, step: string): void;
  runStarted(run: RunPlace, atMs: number): void;
  /** Folds one fact into counters, histograms and gauges. */
  record(fact: Fact): void;
  metricsError(reason: MetricsError): void;
  /** The versions this process runs, as `pipeline_build_info`. */
  build(versions: { readonly version: string; readonly node: string; readonly sdk: string }): void;
  /** Series of ours at this moment. */
  seriesCount(): number;
  /** Goes on from what earlier processes counted. */
  load(counters: Counters): void;
};

/** Telemetry over a registry of its own. `maxSeries` bounds it (default 20,000). */
export function makeTelemetry({
  prom,
  maxSeries,
}: {
  readonly prom: PromClient;
  readonly maxSeries?: number;
}): Telemetry {
  const instruments = makeInstruments({ prom, ...(maxSeries === undefined ? {} : { maxSeries }) });
  const { add, set, raise, remove, observe, open, error } = instruments;
  const shapes = new Map<string, RunShape>();
  /** Steps whose series are there: an attempt need not look at each of them again. */
  const seeded = new Set<string>();
  const recentRuns = new Map<string, Place>();
  /** Start of each running attempt, by place and step, then by run. */
  const running = new Map<string, Map<string, number>>();
  /** Time of the attempt that last set the gauges of a step. */
  const lastAttemptMs = new Map<string, number>();
  /** End of the run that last set the gauges of a job and profile. */
  const lastRunEndS = new Map<string, number>();

  function guarded<Args extends readonly unknown[]>(
    act: (...args: Args) => void,
  ): (...args: Args) => void {
    return (...args) => {
      try {
        act(...args);
      } catch {
        error('record');
      }
    };
  }

  function seedStep(place: Place, step: string): void {
    const key = keyOf(place, step);
    if (seeded.has(key)) return;
    seeded.add(key);
    const { job, profile } = place;
    for (const status of STATUSES) {
      add('pipeline_step_status_total', { job, profile, step, status }, 0);
    }
    for (const result of Object.keys(ENDINGS)) {
      add('pipeline_step_attempts_total', { profile, step, result }, 0);
    }
    open('pipeline_step_duration_seconds', { profile, step });
  }

  function seedRun({ job, profile }: Place): void {
    for (const status of RUN_STATUSES)
      add('pipeline_run_status_total', { job, profile, status }, 0);
    open('pipeline_run_duration_seconds', { job, profile });
  }

  function dropSettings({ job, profile, steps }: RunShape): void {
    remove('pipeline_profile_expected_period_seconds', { job, profile });
    for (const { id: step } of steps) {
      remove('pipeline_profile_core_step_info', { job, profile, step });
      remove('pipeline_profile_step_p95_threshold_seconds', { job, profile, step });
      remove('pipeline_profile_step_timeout_seconds', { job, profile, step });
    }
  }

  function showSettings({ job, profile, steps, expectedEveryMs }: RunShape): void {
    if (expectedEveryMs !== undefined) {
      set('pipeline_profile_expected_period_seconds', { job, profile }, expectedEveryMs / 1000);
    }
    for (const { id: step, core, p95Ms, timeoutMs } of steps) {
      const labels = { job, profile, step };
      if (core) set('pipeline_profile_core_step_info', labels, 1);
      if (p95Ms !== undefined) {
        set('pipeline_profile_step_p95_threshold_seconds', labels, p95Ms / 1000);
      }
      set('pipeline_profile_step_timeout_seconds', labels, timeoutMs / 1000);
    }
  }

  function noteRun({ runId, job, profile }: RunPlace): void {
    if (recentRuns.has(runId)) return;
    recentRuns.set(runId, { job, profile });
    set('pipeline_run_info', { run_id: runId, job, profile }, 1);
    for (const [oldest, place] of recentRuns) {
      if (recentRuns.size <= RUNS_KEPT) break;
      recentRuns.delete(oldest);
      remove('pipeline_run_info', { run_id: oldest, job: place.job, profile: place.profile });
    }
  }

  function showStarted({ job, profile }: Place, step: string, starts: Map<string, number>): void {
    const labels = { job, profile, step };
    if (starts.size === 0) remove('pipeline_step_started_timestamp_seconds', labels);
    else {
      const oldestMs = Math.min(...starts.values());
      set('pipeline_step_started_timestamp_seconds', labels, oldestMs / 1000);
    }
  }

  function recordOutcome(fact: OutcomeFact): void {
    const { job, profile, outcome } = fact;
    const { step, status } = outcome;
    const labels = { job, profile, step };
    seedStep(fact, step);
    add('pipeline_step_status_total', { ...labels, status });
    const endedS = outcome.endedAtMs / 1000;
    if (isSuccess(status)) raise('pipeline_step_completed_timestamp_seconds', labels, endedS);
    if (isFailure(status)) raise('pipeline_step_failed_timestamp_seconds', labels, endedS);
    for (const check of outcome.failedChecks ?? []) {
      add('pipeline_check_failures_total', { ...labels, check });
    }
  }

  function recordAttempt(fact: AttemptFact): void {
    const { job, profile, step, result, durationMs, atMs } = fact;
    const labels = { job, profile, step };
    add('pipeline_step_attempts_total', { profile, step, result });
    if (fact.observed) {
      observe('pipeline_step_duration_seconds', { profile, step }, durationMs / 1000);
    }
    const key = keyOf(fact, step);
    if (atMs < (lastAttemptMs.get(key) ?? 0)) return;
    lastAttemptMs.set(key, atMs);
    set('pipeline_step_last_attempt_timestamp_seconds', labels, atMs / 1000);
    // Where the server ended an attempt, nobody measured it.
    if (durationMs > 0) set('pipeline_step_last_duration_seconds', labels, durationMs / 1000);
    // Of an attempt that failed only what it rejected is known.
    const rows = { in: fact.rowsIn, out: fact.rowsOut, rejected: fact.rowsRejected };
    for (const direction of ROW_DIRECTIONS) {
      const count = rows[direction];
      if (count !== undefined) set('pipeline_step_rows', { ...labels, direction }, count);
    }
  }

  function recordRun(fact: RunFact): void {
    const { job, profile, status, startedAtMs, durationMs } = fact;
    seedRun(fact);
    add('pipeline_run_status_total', { job, profile, status });
    // A process that shows a profile's settings says with this gauge which run they are of: only seeing a start moves it.
    if (!shapes.has(keyOf(fact))) {
      raise('pipeline_run_started_timestamp_seconds', { job, profile }, startedAtMs / 1000);
    }
    const endedS = (startedAtMs + durationMs) / 1000;
    const endKey = keyOf(fact);
    if (endedS >= (lastRunEndS.get(endKey) ?? 0)) {
      lastRunEndS.set(endKey, endedS);
      set('pipeline_run_ended_timestamp_seconds', { job, profile }, endedS);
      set('pipeline_run_last_duration_seconds', { job, profile }, durationMs / 1000);
    }
    if (isFailure(status)) {
      raise('pipeline_run_failed_timestamp_seconds', { job, profile }, endedS);
    }
    if (!isSuccess(status)) return;
    observe('pipeline_run_duration_seconds', { job, profile }, durationMs / 1000);
    raise('pipeline_run_completed_timestamp_seconds', { job, profile }, endedS);
  }

  return {
    registry: instruments.registry,
    seriesCount: instruments.seriesCount,
    metricsError: error,
    build: guarded(({ version, node, sdk }) =>
      set('pipeline_build_info', { version, node, temporal_sdk: sdk }, 1),
    ),
    seedStep: guarded(seedStep),
    seed: guarded((shape: RunShape) => {
      const key = keyOf(shape);
      const before = shapes.get(key);
      if (before !== undefined) dropSettings(before);
      shapes.set(key, shape);
      seedRun(shape);
      for (const { id } of shape.steps) seedStep(shape, id);
      showSettings(shape);
    }),
    stepStarted: guarded((run: RunPlace, step: string, atMs: number) => {
      const key = keyOf(run, step);
      const starts = running.get(key) ?? new Map<string, number>();
      running.set(key, starts.set(run.runId, atMs));
      showStarted(run, step, starts);
    }),
    stepStopped: guarded((run: RunPlace, step: string) => {
      const key = keyOf(run, step);
      const starts = running.get(key);
      if (starts?.delete(run.runId) !== true) return;
      if (starts.size === 0) running.delete(key);
      showStarted(run, step, starts);
    }),
    runStarted: guarded((run: RunPlace, atMs: number) => {
      noteRun(run);
      const { job, profile } = run;
      raise('pipeline_run_started_timestamp_seconds', { job, profile }, atMs / 1000);
    }),
    load: guarded(({ steps, runs, recent }: Counters) => {
      for (const run of recent) noteRun(run);
      for (const counters of Object.values(steps)) {
        const { step, statuses, lastAttemptMs: atMs } = counters;
        if (Object.keys(statuses).length > 0) seedStep(counters, step);
        if (atMs !== undefined) lastAttemptMs.set(keyOf(counters, step), atMs);
        showStep(instruments, counters);
      }
      for (const counters of Object.values(runs)) {
        seedRun(counters);
        if (counters.last !== undefined) {
          lastRunEndS.set(keyOf(counters), counters.last.endedMs / 1000);
        }
        showRuns(instruments, counters);
      }
    }),
    record: guarded((fact: Fact) => {
      noteRun(fact);
      switch (fact.type) {
        case 'outcome':
          return recordOutcome(fact);
        case 'attempt':
          return recordAttempt(fact);
        case 'run':
          return recordRun(fact);
      }
    }),
  };
}

function keyOf({ job, profile }: Place, step = ''): string {
  return [job, profile, step].join('\u0000');
}
