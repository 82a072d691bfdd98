/** How long steps take, against what the profile allows. */

import { COLOUR, thresholds, toStep } from '../look.mjs';
import { lines, rowsOf } from '../panels.mjs';
import {
  counted,
  current,
  durationMean,
  durationQuantile,
  newest,
  ofProfileStep,
  perJob,
} from '../queries.mjs';

/** A line that is a limit: red and dashed. */
export const limitLine = {
  matcher: { id: 'byRegexp', options: '/ threshold$/' },
  properties: [
    { id: 'color', value: { mode: 'fixed', fixedColor: COLOUR.bad } },
    { id: 'custom.lineStyle', value: { fill: 'dash', dash: [8, 8] } },
    { id: 'custom.lineWidth', value: 2 },
  ],
};

/** An exact value among percentiles: points, not a line. */
export const lastPoints = {
  matcher: { id: 'byRegexp', options: '/ last \\(/' },
  properties: [
    { id: 'custom.drawStyle', value: 'points' },
    { id: 'custom.pointSize', value: 4 },
  ],
};

const medianLine = {
  matcher: { id: 'byRegexp', options: '/ P50$/' },
  properties: [{ id: 'custom.lineWidth', value: 1 }],
};

const executions = counted(
  ofProfileStep('pipeline_step_duration_seconds_count'),
  ['profile', 'step'],
  '$window',
);

export const threshold = `max by (profile, step) (${newest('profile_step_p95_threshold_seconds')})`;

export const durations = {
  title: 'Which step is slow?',
  panels: [
    lines({
      title: 'Step duration: P50, P95 and threshold',
      description:
        "P50 (thin) and P95 of the executions in the percentile window, the exact duration of the last one (points), and the profile's own threshold (dashed). A percentile is interpolated inside a bucket that ends at twice its start: with few executions it tells the size only. It knows executions that Prometheus saw being counted; the first of a short command may be missing. Reused results are not in it.",
      unit: 's',
      width: 24,
      height: 10,
      overrides: [medianLine, limitLine, lastPoints],
      custom: { lineWidth: 2 },
      series: [
        { expr: durationQuantile(0.5), legend: '{{profile}} / {{step}} P50' },
        { expr: durationQuantile(0.95), legend: '{{profile}} / {{step}} P95' },
        { expr: threshold, legend: '{{profile}} / {{step}} threshold' },
        {
          expr: newest('step_last_duration_seconds'),
          legend: '{{profile}} / {{step}} last ({{job}})',
        },
      ],
    }),
    rowsOf({
      title: 'Slowest steps',
      description:
        'The longest last execution first. "Last", "Mean" and "Executions" are exact; P50 and P95 are interpolated, of executions that Prometheus saw being counted. All but "Last" are of the percentile window, and of all jobs that use the profile.',
      unit: 'none',
      width: 24,
      height: 10,
      labels: { job: 'Job', profile: 'Profile', step: 'Step' },
      labelLinks: {
        Step: [toStep('${__data.fields.Job}', '${__data.fields.Profile}', '${__value.raw}')],
      },
      sortBy: { field: 'Last', desc: true },
      columns: [
        { name: 'Last', expr: current(newest('step_last_duration_seconds')), unit: 's' },
        { name: 'Mean', expr: perJob(durationMean), unit: 's' },
        { name: 'Executions', expr: perJob(executions), decimals: 0 },
        { name: 'P50', expr: perJob(durationQuantile(0.5)), unit: 's' },
        { name: 'P95', expr: perJob(durationQuantile(0.95)), unit: 's' },
        { name: 'Threshold', expr: newest('profile_step_p95_threshold_seconds'), unit: 's' },
        {
          name: 'Last / threshold',
          expr: `${newest('step_last_duration_seconds')} / ${newest('profile_step_p95_threshold_seconds')}`,
          unit: 'percentunit',
          decimals: 0,
          thresholds: thresholds([null, COLOUR.good], [0.8, COLOUR.notice], [1, COLOUR.bad]),
        },
        { name: 'Time limit', expr: newest('profile_step_timeout_seconds'), unit: 's' },
      ],
    }),
  ],
};
