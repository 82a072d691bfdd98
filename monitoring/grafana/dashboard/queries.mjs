/**
 * The PromQL that several panels share. Nothing here names a job, a profile or a step: those come from variables.
 *
 * Which `job` a series carries depends on its metric: ours that have a label `job` keep it (`honor_labels`); all others,
 * the Temporal SDK's among them, carry the name of the scrape job, and must not be filtered by `$job`.
 */

const JOB = 'job=~"$job"';
const PROFILE = 'profile=~"$profile"';
const STEP = 'step=~"$step"';
const INSTANCE = 'instance=~"$instance"';

/** Statuses that mean "has a result" and "ended badly", as regular expressions. */
export const SUCCESS = 'OK|WARN|CACHED';
export const FAILURE = 'FAIL|TIMEOUT|BUDGET_EXCEEDED';

/** A metric of the exporter with labels job, profile, step, over the chosen instances. */
export const ofStep = (metric, more = []) =>
  select(metric, [JOB, PROFILE, STEP, INSTANCE, ...more]);

/** A metric of the exporter with labels profile and step only: all jobs that use the profile share it. */
export const ofProfileStep = (metric, more = []) =>
  select(metric, [PROFILE, STEP, INSTANCE, ...more]);

/** A metric of the exporter with labels job and profile. */
export const ofRun = (metric, more = []) => select(metric, [JOB, PROFILE, INSTANCE, ...more]);

/** A metric that belongs to a process: the Temporal SDK's, `up`, and ours without a job. */
export const ofInstance = (metric, more = []) => select(metric, [INSTANCE, ...more]);

/**
 * The newest value of a gauge: the recorded one (monitoring/prometheus/rules), which is that of all instances, stays when
 * the process has gone, and goes when a profile is edited. Where nothing is recorded of a job and profile, because the rules
 * are not loaded: what was seen in the time range. `newest('step_rows')` reads `pipeline:step_rows:newest`.
 */
export function newest(name, { by = [], offset } = {}) {
  const { labels, filters } = placeOf(name, by);
  const then = offset === undefined ? '' : ` offset ${offset}`;
  const rules = select('pipeline:run_started_timestamp_seconds:newest', [JOB, PROFILE]);
  return `max by (${labels}) (
  ${select(`pipeline:${name}:newest`, filters)}${then}
  or last_over_time(${select(`pipeline_${name}`, [...filters, INSTANCE])}[$__range]${then})
    unless on (job, profile) ${rules}${then}
)`;
}

/** A series that only the rules make, by what follows `pipeline:`. */
export function recorded(name) {
  const { labels, filters } = placeOf(name, []);
  return `max by (${labels}) (${select(`pipeline:${name}`, filters)})`;
}

function placeOf(name, by) {
  const step = /^(step_|profile_step_|profile_core_step_)/.test(name);
  return {
    labels: ['job', 'profile', ...(step ? ['step'] : []), ...by].join(', '),
    filters: [JOB, PROFILE, ...(step ? [STEP] : [])],
  };
}

/** Without the steps that an edited profile no longer has: nobody can make those succeed again. */
export const current = (expr) => `(${expr}) unless ${recorded('step_removed_timestamp_seconds')}`;

/**
 * What a counter gained in `window`, by the given labels. `increase` extrapolates: of the two or three samples a short
 * command leaves, it makes 1.5 out of 1. So: the last value minus the last one before the window; all of it where the
 * series is new or began again at 0; `increase` only where the process restarted inside the window, which long-lived
 * workers do, whose samples are dense. Eight days is more than the longest period a profile may expect.
 */
export const gained = (selector, by, window) => gain(selector, by, window, (increase) => increase);

/** The same for events that are counted one by one: whole numbers. */
export const counted = (selector, by, window = '$__range') =>
  gain(selector, by, window, (increase) => `round(${increase})`);

function gain(selector, by, window, rounded) {
  const labels = by.length === 0 ? 'sum' : `sum by (${by.join(', ')})`;
  return [
    `${labels} (`,
    `  ${rounded(`increase(${selector}[${window}])`)} and resets(${selector}[${window}]) > 0`,
    `  or last_over_time(${selector}[${window}]) - last_over_time(${selector}[8d] offset ${window}) >= 0`,
    `  or last_over_time(${selector}[${window}])`,
    ')',
  ].join('\n');
}

/** A quantile of the step durations over `$window`. A window without a sample is nothing, not NaN. */
export const durationQuantile = (q) => `histogram_quantile(
  ${q},
  sum by (le, profile, step) (rate(${ofProfileStep('pipeline_step_duration_seconds_bucket')}[$window]))
) >= 0`;

/** The exact mean of a histogram over `$window`: of what was observed, by the given labels. */
export const exactMean = (
  histogram,
  filter,
  by,
) => `${gained(filter(`${histogram}_sum`), by, '$window')}
/
(${gained(filter(`${histogram}_count`), by, '$window')} > 0)`;

export const durationMean = exactMean('pipeline_step_duration_seconds', ofProfileStep, [
  'profile',
  'step',
]);

/** Gives an expression by (profile, step) a row for each job that has the step. */
export const perJob = (expr) =>
  `0 * ${newest('profile_step_timeout_seconds')}\n+ on (profile, step) group_left ()\n(\n${expr}\n)`;

/**
 * What fires now of the shipped rules, in `metric` (ALERTS, or ALERTS_FOR_STATE for since when): alerts on a profile if it
 * is chosen, alerts on workers always.
 */
export const firing = (metric, more = []) =>
  ['profile=""', `${PROFILE}, job=~"$job|", step=~"$step|"`]
    .map((whose) => select(metric, ['alertname=~"Pipeline.+"', whose, ...more]))
    .join('\nor ');

/** Steps whose last failure is newer than their last completion. */
export const failingSteps = current(
  `${newest('step_failed_timestamp_seconds')} > ${newest('step_completed_timestamp_seconds')}
  or ${newest('step_failed_timestamp_seconds')} unless ${newest('step_completed_timestamp_seconds')}`,
);

/** Value and meaning of `stepState` and `runState`. */
export const STATES = { none: 0, ok: 1, failed: 2, running: 3, cancelled: 4 };

/** What became of each step last: one of STATES. */
export const stepState = `0 * max by (job, profile, step) (${ofStep('pipeline_step_started_timestamp_seconds')}) + ${STATES.running}
or 0 * (${failingSteps}) + ${STATES.failed}
or 0 * (${current(newest('step_completed_timestamp_seconds'))}) + ${STATES.ok}
or 0 * ${newest('profile_step_timeout_seconds')}`;

const started = newest('run_started_timestamp_seconds');
const completed = newest('run_completed_timestamp_seconds');
const failed = newest('run_failed_timestamp_seconds');

const finished = newest('run_ended_timestamp_seconds');

/** What became of the last run: failed, ok, cancelled, or (running) no end known: it runs, or its machine is gone. */
export const runState = `0 * (${failed} >= ${started} unless ${completed} > ${failed}) + ${STATES.failed}
or 0 * (${completed} >= ${started}) + ${STATES.ok}
or 0 * (${finished} >= ${started}) + ${STATES.cancelled}
or 0 * ${started} + ${STATES.running}`;

/** 0 at each moment at which runs are known. */
export const everyMoment = `0 * count(${newest('run_started_timestamp_seconds')})`;

/** `expr`, or 0 where steps are known and `expr` is empty; nothing where no exporter was ever seen. */
export const orZero = (expr) => `${expr}\nor ${everyMoment}`;

/** Where a recorded timestamp moved in the last `$__interval`. A gap in the recording is not taken for a move. */
export const moved = (name) =>
  `(
  ${newest(name)}
  unless
  ${newest(name)} == ${newest(name, { offset: '$__interval' })}
) > time() - 2 * $__interval_ms / 1000 - 60`;

function select(metric, filters) {
  return `${metric}{${filters.join(', ')}}`;
}
