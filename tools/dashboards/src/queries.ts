/**
 * The PromQL of both dashboards. Pure: strings only. Nothing here names a job, a profile or a step: those come from
 * variables.
 *
 * 1. A gauge of a pipeline is the newest value in the store, shown alike by every exporter: read as `max by`.
 * 2. A counter belongs to a process: what it gained is summed over instances.
 */

import type { Filters } from './variables.ts';

/** Statuses that mean "has a result" and "ended badly", as regular expressions. */
export const SUCCESS = 'OK|WARN|CACHED';
export const FAILURE = 'FAIL|TIMEOUT|BUDGET_EXCEEDED';

/** Values of `runState` and `stepState`: what needs somebody is the greatest, so that sorting puts it first. */
export const STATES = { none: 0, ok: 1, running: 2, cancelled: 3, failed: 4 } as const;

export type Queries = ReturnType<typeof makeQueries>;

/** Expressions of one dashboard, narrowed by its variables. */
export function makeQueries({ run, step }: Filters) {
  const isOfStep = (name: string): boolean =>
    /^(step_|check_|profile_step_|profile_core_step_)/.test(name);
  const labelsOf = (name: string): readonly string[] =>
    isOfStep(name) ? ['job', 'profile', 'step'] : ['job', 'profile'];

  /** A metric with the labels of a run or a step, as it is scraped. */
  const select = (metric: string, ...more: readonly string[]): string => {
    const filters = isOfStep(metric.replace('pipeline_', '')) ? step : run;
    return `${metric}{${[...filters, ...more].join(', ')}}`;
  };

  /** The newest value of a gauge: `gauge('step_rows', ['direction'])` reads pipeline_step_rows. */
  const gauge = (name: string, by: readonly string[] = []): string =>
    `max by (${[...labelsOf(name), ...by].join(', ')}) (${select(`pipeline_${name}`)})`;

  const started = gauge('run_started_timestamp_seconds');
  const completed = gauge('run_completed_timestamp_seconds');
  const failed = gauge('run_failed_timestamp_seconds');
  const ended = gauge('run_ended_timestamp_seconds');
  const stepCompleted = gauge('step_completed_timestamp_seconds');
  const stepFailed = gauge('step_failed_timestamp_seconds');

  /** Steps whose last failure is newer than their last completion. */
  const failingSteps = `${stepFailed} > ${stepCompleted}\nor ${stepFailed} unless ${stepCompleted}`;

  /** Steps whose last execution was longer than alert.p95, or without one than thrice the usual and ten seconds: as the rules. */
  const slowSteps = `${gauge('step_last_duration_seconds')} > (${gauge('profile_step_p95_threshold_seconds')} or 3 * ${gauge('step_usual_duration_seconds')} + 10)`;

  /** Every step that the newest profile has: one with a threshold shows no time limit. */
  const known = `(${gauge('profile_step_p95_threshold_seconds')} or ${gauge('profile_step_timeout_seconds')})`;

  return {
    select,
    known,
    gauge,
    failingSteps,
    slowSteps,

    /** What became of the last run of each job and profile: one of STATES. */
    runState: [
      `0 * (${failed} >= ${started} unless ${completed} > ${failed}) + ${STATES.failed}`,
      `or 0 * (${completed} >= ${started}) + ${STATES.ok}`,
      `or 0 * (${ended} >= ${started}) + ${STATES.cancelled}`,
      `or 0 * ${started} + ${STATES.running}`,
    ].join('\n'),

    /** What became of each step last: one of STATES. */
    stepState: [
      `0 * ${gauge('step_running_seconds')} + ${STATES.running}`,
      `or 0 * (${failingSteps}) + ${STATES.failed}`,
      `or 0 * ${stepCompleted} + ${STATES.ok}`,
      `or 0 * ${known}`,
    ].join('\n'),

    /** Without the steps of profiles that are steps of others, and so have no row as a job and profile. */
    ofRuns: (expr: string): string => `(${expr})\nand on (job, profile) ${started}`,

    /** `expr`, or 0 where runs are known and `expr` is empty; nothing where no exporter was ever seen. */
    orZero: (expr: string): string => `${expr}\nor 0 * count(${started})`,

    /** 0 in each interval in which runs are known. */
    everyMoment: `0 * count(${started})`,

    /** Seconds since the last completed run, as a share of how often the profile wants one; more than 1 is late. */
    share: `(time() - ${completed}) / (${gauge('profile_expected_period_seconds')} > 0)`,

    /** A quantile of step durations over `window`. A window without an execution is nothing, not NaN. */
    quantile: (q: number, window: string): string =>
      [
        'histogram_quantile(',
        `  ${q},`,
        `  sum by (le, job, profile, step) (rate(${select('pipeline_step_duration_seconds_bucket')}[${window}]))`,
        ') >= 0',
      ].join('\n'),

    /** Steps that completed, or failed, within the interval that a point of the timeline stands for. */
    happened: (name: string): string =>
      [
        `max by (job, profile, step) (changes(${select(`pipeline_${name}`)}[$__rate_interval])) > 0`,
        `or ${gauge(name)} > time() - $__interval_ms / 1000`,
      ].join('\n'),
  };
}

/**
 * What a counter gained in `window`, by the given labels: events, so whole numbers, which `increase` alone is not.
 *
 * `increase` where a process began again at 0; else what it is now less what it was before the window; else all of it,
 * where a process that lives long shows it for the first time: a new job. A command that runs for seconds is none that
 * lives long: its port was counted before, when nobody looked. Last, `increase` again for what has gone.
 */
export function counted(selector: string, by: readonly string[], window = '$__range'): string {
  const before = `last_over_time(${selector}[1h] offset ${window})`;
  const increase = `round(increase(${selector}[${window}]))`;
  return [
    `${by.length === 0 ? 'sum' : `sum by (${by.join(', ')})`} (`,
    `  ${increase} and resets(${selector}[${window}]) > 0`,
    `  or ${selector} - ${before} >= 0`,
    `  or (${selector} unless ${before}) and on (instance) pipeline_exporter_info{mode="long-lived"}`,
    `  or ${increase}`,
    ')',
  ].join('\n');
}

/** The greatest `n` of an instant query. */
export const greatest = (n: number, expr: string): string => `topk(${n},\n${expr}\n)`;
