/** How long steps take, against what the profile allows. */

import { COLOUR, thresholds, toStep } from '../look.mjs';
import { lines, rowsOf } from '../panels.mjs';
import { current, durationMean, durationQuantile, newest, perJob } from '../queries.mjs';

/** A line that is a limit: red and dashed. */
export const limitLine = {
  matcher: { id: 'byRegexp', options: '/ threshold$/' },
  properties: [
    { id: 'color', value: { mode: 'fixed', fixedColor: COLOUR.bad } },
    { id: 'custom.lineStyle', value: { fill: 'dash', dash: [8, 8] } },
    { id: 'custom.lineWidth', value: 2 },
  ],
};

const medianLine = {
  matcher: { id: 'byRegexp', options: '/ P50$/' },
  properties: [{ id: 'custom.lineWidth', value: 1 }],
};

export const threshold = `max by (profile, step) (${newest('profile_step_p95_threshold_seconds')})`;

export const durations = {
  title: 'Which step is slow?',
  panels: [
    lines({
      title: 'Step duration: P50, P95 and threshold',
      description:
        "P50 (thin) and P95 of the executions in the percentile window; the dashed line is the profile's own threshold (alert.p95). A percentile is interpolated inside a bucket that ends at twice its start: with few executions it tells the size, and the table below the exact values. Reused results are not in it.",
      unit: 's',
      width: 24,
      height: 10,
      overrides: [medianLine, limitLine],
      custom: { lineWidth: 2 },
      series: [
        { expr: durationQuantile(0.5), legend: '{{profile}} / {{step}} P50' },
        { expr: durationQuantile(0.95), legend: '{{profile}} / {{step}} P95' },
        { expr: threshold, legend: '{{profile}} / {{step}} threshold' },
      ],
    }),
    rowsOf({
      title: 'Slowest steps',
      description:
        'The longest last execution first. "Last" and "Mean" are exact; P50 and P95 are interpolated. Mean, P50, P95 and executions are those of the percentile window, of all jobs that use the profile.',
      unit: 'none',
      width: 14,
      height: 10,
      labels: { job: 'Job', profile: 'Profile', step: 'Step' },
      labelLinks: {
        Step: [toStep('${__data.fields.Job}', '${__data.fields.Profile}', '${__value.raw}')],
      },
      sortBy: { field: 'Last', desc: true },
      columns: [
        { name: 'Last', expr: current(newest('step_last_duration_seconds')), unit: 's' },
        { name: 'Mean', expr: perJob(durationMean), unit: 's' },
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
    lines({
      title: 'Last duration of each step',
      description:
        'Exact duration of the last executed attempt, however it ended. A step keeps its value until it is executed again.',
      unit: 's',
      width: 10,
      height: 10,
      series: [
        {
          expr: newest('step_last_duration_seconds'),
          legend: '{{profile}} / {{step}} ({{job}})',
        },
      ],
    }),
  ],
};
