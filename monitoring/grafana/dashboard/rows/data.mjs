/** The data itself: rows through each step, and the checks that found something. */

import { COLOUR, thresholds } from '../look.mjs';
import { lines, rowsOf } from '../panels.mjs';
import { counted, newest, ofStep } from '../queries.mjs';

const rows = newest('step_rows', { by: ['direction'] });

export const data = {
  title: 'Is the data as expected?',
  panels: [
    lines({
      title: 'Rows of each step',
      description:
        'Rows in, out and rejected of the last successful execution. A sudden drop is worth a look even when every step is OK.',
      unit: 'short',
      decimals: 0,
      width: 14,
      height: 8,
      series: [{ expr: rows, legend: '{{profile}} / {{step}} {{direction}} ({{job}})' }],
    }),
    rowsOf({
      title: 'Failed checks',
      description:
        'Data-quality checks that found offending rows in the time range, at either severity (warn or fail).',
      unit: 'none',
      width: 10,
      height: 8,
      labels: { job: 'Job', profile: 'Profile', step: 'Step', check: 'Check' },
      sortBy: { field: 'Times', desc: true },
      columns: [
        {
          name: 'Times',
          expr: `${counted(ofStep('pipeline_check_failures_total'), ['job', 'profile', 'step', 'check'])} > 0`,
          decimals: 0,
          thresholds: thresholds([null, COLOUR.notice]),
        },
      ],
    }),
  ],
};
