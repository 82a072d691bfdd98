/** Which step is slow: percentiles against thresholds, and the last duration against the usual one. */

import { COLOUR, byPattern } from '../look.ts';
import { lines } from '../panels.ts';
import { last, q, threshold, usual } from './shared.ts';

/** A limit is dashed and red; what is usual is dashed and grey. */
const limitLines = [
  byPattern(
    '/ threshold$/',
    { id: 'color', value: { mode: 'fixed', fixedColor: COLOUR.bad } },
    { id: 'custom.lineStyle', value: { fill: 'dash', dash: [8, 8] } },
  ),
  byPattern('/ usual$/', { id: 'custom.lineStyle', value: { fill: 'dash', dash: [2, 6] } }),
  byPattern('/ P95$/', { id: 'custom.lineWidth', value: 2 }),
];

export const durations = lines({
  title: 'Step duration percentiles (P50, P95)',
  description:
    'P50 (thin) and P95 of the executions in the percentile window, and the threshold of the profile (dashed). A percentile is interpolated inside a bucket: with few executions it tells the size only. Reused results are not in it.',
  unit: 's',
  width: 12,
  height: 11,
  overrides: limitLines,
  calcs: ['lastNotNull'],
  series: [
    { expr: q.quantile(0.5, '$window'), legend: '{{step}} P50' },
    { expr: q.quantile(0.95, '$window'), legend: '{{step}} P95' },
    { expr: threshold, legend: '{{step}} threshold' },
  ],
});

export const lastDurations = lines({
  title: 'Last duration against the usual one',
  description:
    'The exact duration of the last execution of each step, and what is usual (dotted): the median of the executions before it.',
  unit: 's',
  width: 12,
  height: 11,
  overrides: limitLines,
  series: [
    { expr: last, legend: '{{step}} last' },
    { expr: usual, legend: '{{step}} usual' },
  ],
});
