/** The same panel once for each chosen step; closed at first, so that nothing is asked before somebody opens it. */

import { lines } from '../panels.mjs';
import { durationMean, durationQuantile, newest } from '../queries.mjs';
import { lastPoints, limitLine, threshold } from './durations.mjs';

export const eachStep = {
  title: 'Each step on its own',
  collapsed: true,
  panels: [
    lines({
      title: '$step',
      description:
        "P50, P95 and exact mean of the executions in the percentile window, the exact last duration, and the profile's threshold.",
      unit: 's',
      width: 8,
      height: 8,
      repeat: 'step',
      overrides: [limitLine, lastPoints],
      legend: { placement: 'bottom' },
      series: [
        { expr: durationQuantile(0.5), legend: '{{profile}} P50' },
        { expr: durationQuantile(0.95), legend: '{{profile}} P95' },
        { expr: durationMean, legend: '{{profile}} mean' },
        { expr: newest('step_last_duration_seconds'), legend: '{{profile}} last ({{job}})' },
        { expr: threshold, legend: '{{profile}} threshold' },
      ],
    }),
  ],
};
