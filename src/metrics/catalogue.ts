/** Every instrument of ours as plain data: this list is the catalogue, and `docs/metrics.md` is kept equal to it by a test. */

import { ENDINGS } from '../model/endings.ts';
import { DURATION_BOUNDS } from '../store/folds/counters.ts';

type Described = {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
};

export type InstrumentSpec =
  | (Described & { readonly type: 'counter' | 'gauge' })
  | (Described & { readonly type: 'histogram'; readonly buckets: readonly number[] });

const STEP = ['job', 'profile', 'step'] as const;
const RUN = ['job', 'profile'] as const;

export const CATALOGUE = Object.freeze([
  // The five of the specification
  {
    name: 'pipeline_step_duration_seconds',
    type: 'histogram',
    help: 'Execution time of attempts that ended OK or WARN; reused results are not in it.',
    labels: ['profile', 'step'],
    buckets: DURATION_BOUNDS.step,
  },
  {
    name: 'pipeline_step_status_total',
    type: 'counter',
    help: 'Final outcomes of steps, one a step and run.',
    labels: [...STEP, 'status'],
  },
  {
    name: 'pipeline_step_last_duration_seconds',
    type: 'gauge',
    help: 'Duration of the last executed attempt, however it ended.',
    labels: STEP,
  },
  {
    name: 'pipeline_step_completed_timestamp_seconds',
    type: 'gauge',
    help: 'Unix time of the last OK, WARN or CACHED outcome.',
    labels: STEP,
  },
  {
    name: 'pipeline_run_info',
    type: 'gauge',
    help: 'Always 1, for each of the last 20 runs.',
    labels: ['run_id', ...RUN],
  },
  // Steps
  {
    name: 'pipeline_step_failed_timestamp_seconds',
    type: 'gauge',
    help: 'Unix time of the last FAIL, TIMEOUT or BUDGET_EXCEEDED outcome.',
    labels: STEP,
  },
  {
    name: 'pipeline_step_started_timestamp_seconds',
    type: 'gauge',
    help: 'Unix time at which the attempt that now runs in this process began; absent when none runs.',
    labels: STEP,
  },
  {
    name: 'pipeline_step_attempts_total',
    type: 'counter',
    help: `Executed attempts by how they ended: ${Object.keys(ENDINGS).join(', ')}.`,
    labels: ['profile', 'step', 'result'],
  },
  {
    name: 'pipeline_step_last_attempt_timestamp_seconds',
    type: 'gauge',
    help: 'Unix time at which the last executed attempt ended; in a fleet it tells whose last duration and rows are the newest.',
    labels: STEP,
  },
  {
    name: 'pipeline_step_rows',
    type: 'gauge',
    help: 'Rows in and out of the last successful execution, and rejected of the last that counted them, a failed check included.',
    labels: [...STEP, 'direction'],
  },
  {
    name: 'pipeline_check_failures_total',
    type: 'counter',
    help: 'Data-quality checks that found offending rows, at either severity.',
    labels: [...STEP, 'check'],
  },
  // Runs
  {
    name: 'pipeline_run_status_total',
    type: 'counter',
    help: 'Runs by their final status.',
    labels: [...RUN, 'status'],
  },
  {
    name: 'pipeline_run_duration_seconds',
    type: 'histogram',
    help: 'Duration of runs that ended OK or WARN.',
    labels: RUN,
    buckets: DURATION_BOUNDS.run,
  },
  {
    name: 'pipeline_run_last_duration_seconds',
    type: 'gauge',
    help: 'Duration of the last run, however it ended.',
    labels: RUN,
  },
  {
    name: 'pipeline_run_started_timestamp_seconds',
    type: 'gauge',
    help: 'Unix time at which the last run began.',
    labels: RUN,
  },
  {
    name: 'pipeline_run_ended_timestamp_seconds',
    type: 'gauge',
    help: 'Unix time at which the last run ended, however; before its start while a run is going on.',
    labels: RUN,
  },
  {
    name: 'pipeline_run_completed_timestamp_seconds',
    type: 'gauge',
    help: 'Unix time at which a run last ended OK or WARN.',
    labels: RUN,
  },
  {
    name: 'pipeline_run_failed_timestamp_seconds',
    type: 'gauge',
    help: 'Unix time at which a run last ended FAIL, TIMEOUT or BUDGET_EXCEEDED.',
    labels: RUN,
  },
  // The alert settings of the profile
  {
    name: 'pipeline_profile_core_step_info',
    type: 'gauge',
    help: 'Always 1, for each step the profile marks as core.',
    labels: STEP,
  },
  {
    name: 'pipeline_profile_step_p95_threshold_seconds',
    type: 'gauge',
    help: 'Duration above which the profile wants to be warned (alert.p95).',
    labels: STEP,
  },
  {
    name: 'pipeline_profile_step_timeout_seconds',
    type: 'gauge',
    help: 'Time limit of one attempt.',
    labels: STEP,
  },
  {
    name: 'pipeline_profile_expected_period_seconds',
    type: 'gauge',
    help: 'How often the profile says that a run should complete (expected_every).',
    labels: RUN,
  },
  // Self
  {
    name: 'pipeline_build_info',
    type: 'gauge',
    help: 'Always 1; the versions this process runs.',
    labels: ['version', 'node', 'temporal_sdk'],
  },
  {
    name: 'pipeline_metrics_errors_total',
    type: 'counter',
    help: 'What telemetry could not do. No step is ever failed or held up by it.',
    labels: ['reason'],
  },
] as const satisfies readonly InstrumentSpec[]);

type Entry = (typeof CATALOGUE)[number];

/** Names of the instruments of one type. */
export type NameOf<Type extends InstrumentSpec['type']> = Extract<Entry, { type: Type }>['name'];

/** The labels an instrument takes, each with a value. */
export type LabelsOf<Name extends Entry['name']> = Readonly<
  Record<Extract<Entry, { name: Name }>['labels'][number], string>
>;

/** Why telemetry could not do something: the closed set of `reason`. */
export const METRICS_ERRORS = Object.freeze({
  series_limit:
    'A new label set was not created, because the process holds as many series as it may.',
  claim: 'The store could not record that something was counted; it was counted all the same.',
  restore: 'The counts of earlier runs could not be read; counters start at 0.',
  record: 'A fact could not be turned into metrics.',
  scrape: 'A scrape could not be answered.',
  file: 'The metrics file could not be written.',
  sdk: "The Temporal SDK's own metrics could not be read for a scrape.",
} as const);

export type MetricsError = keyof typeof METRICS_ERRORS;

/** Directions of `pipeline_step_rows`. */
export const ROW_DIRECTIONS = Object.freeze(['in', 'out', 'rejected'] as const);

/** Runs that `pipeline_run_info` keeps. */
export const RUNS_KEPT = 20;

/** Most series of ours in one process, unless told otherwise: the largest plan that is allowed fits. */
export const MAX_SERIES = 30_000;
