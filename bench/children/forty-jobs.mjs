/** Metrics of 40 jobs of 20 steps as text: what a long-lived exporter would serve, one step of ten failing. */

const JOBS = 40;
const STEPS = 20;
const STATUSES = 'OK WARN CACHED SKIPPED FAIL TIMEOUT CANCELLED BUDGET_EXCEEDED'.split(' ');
const BOUNDS = [0.1, 0.5, 2, 10, 60, 300, 1800, 21_600, '+Inf'];

/** Counters that rules read over hours; `count` is the number of runs so far. */
export function counters(count) {
  return eachStep((labels) => [
    ...STATUSES.map((status) => [
      'pipeline_step_status_total',
      `${labels},status="${status}"`,
      status === 'OK' ? count : 0,
    ]),
    ['pipeline_step_attempts_total', `${labels},result="fail"`, 0],
    ['pipeline_step_attempts_total', `${labels},result="lost"`, 0],
    ['pipeline_check_failures_total', labels, 0],
    ['pipeline_step_duration_seconds_count', labels, count],
  ]);
}

/** The other series of histograms, of which rules read one hour. */
export function buckets(count) {
  return eachStep((labels) => [
    ['pipeline_step_duration_seconds_sum', labels, count * 12],
    ...BOUNDS.map((le, index) => [
      'pipeline_step_duration_seconds_bucket',
      `${labels},le="${le}"`,
      index > 3 ? count : 0,
    ]),
  ]);
}

/** What is read at one moment. */
export function gauges(nowS) {
  const ofSteps = eachStep((labels, n) => [
    ['pipeline_step_completed_timestamp_seconds', labels, nowS - 60],
    ['pipeline_step_failed_timestamp_seconds', labels, n % 10 === 0 ? nowS - 30 : nowS - 900],
    ['pipeline_step_last_duration_seconds', labels, 12],
    ['pipeline_step_usual_duration_seconds', labels, 11],
    ['pipeline_step_running_seconds', labels, 5],
    ['pipeline_step_rows', `${labels},direction="out"`, 1000],
    ['pipeline_profile_core_step_info', labels, 1],
    ['pipeline_profile_step_p95_threshold_seconds', labels, 60],
  ]);
  const ofRuns = each(JOBS).flatMap((job) => {
    const labels = `job="job${job}",profile="nightly"`;
    return [
      line('pipeline_run_info', `run_id="job${job}-20261127-030000-abcd",${labels}`, 1),
      line('pipeline_run_started_timestamp_seconds', labels, nowS - 90),
      line('pipeline_run_ended_timestamp_seconds', labels, nowS - 60),
      line('pipeline_run_completed_timestamp_seconds', labels, nowS - 60),
      line('pipeline_run_failed_timestamp_seconds', labels, nowS - 900),
      line('pipeline_profile_expected_period_seconds', labels, 86_400),
    ];
  });
  const ofProcess = [
    line('pipeline_exporter_info', 'mode="long-lived"', 1),
    line('pipeline_state_disk_free_bytes', '', 5e11),
    line('pipeline_state_disk_size_bytes', '', 1e12),
    line('pipeline_metrics_errors_total', 'reason="claim"', 0),
  ];
  return [ofSteps, ...ofRuns, ...ofProcess].join('');
}

/** How many series all have together. */
export function seriesCount() {
  return `${counters(1)}${buckets(1)}${gauges(1)}`.trim().split('\n').length;
}

function eachStep(seriesOf) {
  return each(JOBS * STEPS)
    .flatMap((n) => {
      const [job, step] = [Math.floor(n / STEPS), n % STEPS];
      return seriesOf(`job="job${job}",profile="nightly",step="step${step}"`, n);
    })
    .map((series) => line(...series))
    .join('');
}

function line(name, labels, value) {
  return `${name}{${labels}} ${value}\n`;
}

function each(count) {
  return Array.from({ length: count }, (_, index) => index);
}
