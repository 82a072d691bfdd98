/** Every metric of ours as plain data: this list is the catalogue, and `docs/metrics.md` is kept equal to it by a test. */

import { ITEM_STATUSES } from '../model/outcome.ts';
import { DURATION_BOUNDS } from '../store/folds/filled.ts';

export type MetricSpec = {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds of a histogram's buckets; the infinite one comes on top. */
  readonly buckets?: readonly number[];
};

const STEP = ['job', 'profile', 'step'] as const;
const RUN = ['job', 'profile'] as const;

export const CATALOGUE = Object.freeze([
  // The five of the specification
  {
    name: 'pipeline_step_duration_seconds',
    type: 'histogram',
    help: 'Execution time of attempts that ended OK or WARN; reused results are not in it.',
    labels: STEP,
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
    help: 'Always 1, for the last run of each job and profile and the last 20 of all.',
    labels: ['run_id', ...RUN],
  },
  {
    name: 'pipeline_run_failed_info',
    type: 'gauge',
    help: 'Always 1, for the run of each job and profile that failed last, or whose step did.',
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
    name: 'pipeline_step_running_seconds',
    type: 'gauge',
    help: 'How long the attempt that now runs has been running, by the clock of this exporter; absent when none runs.',
    labels: STEP,
  },
  {
    name: 'pipeline_step_usual_duration_seconds',
    type: 'gauge',
    help: 'Median duration of the last 10 executions that ended OK or WARN, without the newest; absent under five.',
    labels: STEP,
  },
  {
    name: 'pipeline_step_attempts_total',
    type: 'counter',
    help: 'Attempts that did not end well: fail (failed or over its time limit), lost (its worker died).',
    labels: [...STEP, 'result'],
  },
  {
    name: 'pipeline_step_items_total',
    type: 'counter',
    help: 'Items of steps with foreach by how they ended, one an item and run.',
    labels: [...STEP, 'status'],
  },
  {
    name: 'pipeline_step_rows',
    type: 'gauge',
    help: 'Rows that the last successful execution returned; of a check, those that the last one rejected, failed or not.',
    labels: [...STEP, 'direction'],
  },
  {
    name: 'pipeline_check_failures_total',
    type: 'counter',
    help: 'Data-quality checks that found offending rows, at either severity.',
    labels: STEP,
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
    help: 'Time limit of one attempt, of steps without a threshold.',
    labels: STEP,
  },
  {
    name: 'pipeline_profile_expected_period_seconds',
    type: 'gauge',
    help: 'How often the profile says that a run should complete (expected_every).',
    labels: RUN,
  },
  // This process, its state folder and its queues
  {
    name: 'pipeline_exporter_info',
    type: 'gauge',
    help: 'Always 1; mode is long-lived (worker, serve) or one-shot (every other command).',
    labels: ['mode'],
  },
  {
    name: 'pipeline_build_info',
    type: 'gauge',
    help: 'Always 1; the versions this process runs.',
    labels: ['version', 'node', 'temporal_sdk'],
  },
  {
    name: 'pipeline_state_disk_free_bytes',
    type: 'gauge',
    help: 'Bytes that may still be written on the filesystem of the state folder.',
    labels: [],
  },
  {
    name: 'pipeline_state_disk_size_bytes',
    type: 'gauge',
    help: 'Size of the filesystem of the state folder.',
    labels: [],
  },
  {
    name: 'pipeline_queue_unserved_seconds',
    type: 'gauge',
    help: 'How long an open run has waited with nobody polling its task queue; absent otherwise.',
    labels: ['task_queue'],
  },
  {
    name: 'pipeline_limit_in_use',
    type: 'gauge',
    help: 'Attempts that hold a place of a shared limit now, over all runs of the store.',
    labels: ['limit'],
  },
  {
    name: 'pipeline_limit_waiting_seconds',
    type: 'gauge',
    help: 'How long the attempt that came first has waited for a place of the limit; absent when none waits.',
    labels: ['limit'],
  },
  {
    name: 'pipeline_metrics_errors_total',
    type: 'counter',
    help: 'What telemetry could not do. No step is ever failed or held up by it.',
    labels: ['reason'],
  },
] as const satisfies readonly MetricSpec[]);

export type MetricName = (typeof CATALOGUE)[number]['name'];

/** Why telemetry could not do something: the closed set of `reason`. */
export const METRICS_ERRORS = Object.freeze({
  series_limit: 'A step or job is not shown, because the process holds as many series as it may.',
  claim: 'The store could not take down what happened; it is counted while this process lives.',
  store: 'The store could not be read; what was read of it before is shown.',
  scrape: 'A scrape could not be answered.',
  file: 'The metrics file could not be written.',
  hook: 'A hook could not be sent in one try; it is tried again for a day.',
  sdk: "The Temporal SDK's own metrics could not be read for a scrape.",
} as const);

export type MetricsError = keyof typeof METRICS_ERRORS;

/** How `pipeline_step_attempts_total` names the endings it counts. An attempt that ended well is in the histogram. */
export const ATTEMPT_RESULTS = Object.freeze({ fail: 'fail', timeout: 'fail', lost: 'lost' });

/** Most series of ours about jobs in one process, unless told otherwise. */
export const MAX_SERIES = 30_000;

/** Most series that a step has, what its items add to that, and those of the runs of a job and profile. */
export const SERIES_OF = Object.freeze({ step: 30, items: ITEM_STATUSES.length, runs: 30 });
