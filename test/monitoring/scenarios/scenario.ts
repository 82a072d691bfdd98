/** A scenario: what happens to a pipeline, and what Prometheus then knows. It fails if Prometheus knows anything else. */

import type { Script } from '../harness/stage.ts';

export type Scenario = Script & {
  /** Few words, for the table of expressions. */
  readonly name: string;
  /** What is true when it passes. */
  readonly claim: string;
};

/** The last value of each series, that of processes that have gone as well. */
export const lastOf = (selector: string): string => `last_over_time(${selector}[10m])`;

/** Outcomes that happened, for a table by step and status. */
export const OUTCOMES = `${lastOf('pipeline_step_status_total')} > 0`;
/** Attempts that happened, for a table by step and result. */
export const ATTEMPTS = `${lastOf('pipeline_step_attempts_total')} > 0`;
/** Runs that ended, for a table by job and status. */
export const RUNS = `${lastOf('pipeline_run_status_total')} > 0`;

/** Steps that run now, for a table by step. */
export const RUNNING = 'pipeline_step_running_seconds >= bool 0';

/** The three alerts that the specification suggests, as they stand there. */
export const SUGGESTED = Object.freeze({
  failing: 'rate(pipeline_step_status_total{status="FAIL"}[5m]) > 0',
  noData: 'absent(pipeline_step_completed_timestamp_seconds)',
  p95: 'histogram_quantile(0.95, sum by (le, job, profile, step) (rate(pipeline_step_duration_seconds_bucket[1h])))',
});

/**
 * How many series of ours Prometheus has ever seen, but for those that come by design: one for each of the last runs, one
 * for a step that a scrape met while it ran, and the usual duration once it is known.
 */
export const SERIES_EVER =
  'count(last_over_time({__name__=~"pipeline_.*",__name__!~"pipeline_run_info|pipeline_step_(running|usual_duration)_seconds"}[10m]))';
