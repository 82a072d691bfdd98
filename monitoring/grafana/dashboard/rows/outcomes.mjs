/** Success against failure, step by step. */

import { statusColours } from '../look.mjs';
import { bars, stacked } from '../panels.mjs';
import { counted, ofStep } from '../queries.mjs';

const status = 'pipeline_step_status_total';

export const outcomes = {
  title: 'Which step fails?',
  panels: [
    stacked({
      title: 'Success and failure of each step',
      description:
        'Final outcomes in the time range, one a step and run. Exact, not extrapolated; a series that Prometheus sees for the first time counts with all it has.',
      unit: 'none',
      decimals: 0,
      width: 12,
      height: 12,
      expr: `${counted(ofStep(status), ['step', 'status'])} > 0`,
      row: 'step',
      part: 'status',
      overrides: statusColours,
    }),
    bars({
      title: 'Outcomes over time',
      description: 'Final outcomes of the chosen steps in each interval, by status.',
      unit: 'none',
      decimals: 0,
      width: 12,
      height: 12,
      overrides: statusColours,
      series: [
        {
          expr: `${counted(ofStep(status), ['status'], '$__interval')} > 0`,
          legend: '{{status}}',
        },
      ],
    }),
  ],
};
