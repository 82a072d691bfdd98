/** What happened: how runs ended over time, and what fires now. */

import { statusColours, toAlert, toRunbook } from '../look.ts';
import { bars } from '../panels.ts';
import { counted } from '../queries.ts';
import { rowsOf } from '../table.ts';
import { q, firing } from './shared.ts';

const runs = q.select('pipeline_run_status_total');

export const runsOverTime = bars({
  title: 'Runs over time',
  description: 'Runs that ended in each interval, by their final status.',
  width: 10,
  height: 9,
  decimals: 0,
  everyMoment: q.everyMoment,
  overrides: statusColours,
  series: [{ expr: `${counted(runs, ['status'], '$__interval')} > 0`, legend: '{{status}}' }],
});

export const alerts = rowsOf({
  title: 'Firing alerts',
  description:
    'What fires now, the newest first. The name of an alert is a paragraph of the runbook: its meaning, what to look at first, what to do.',
  width: 14,
  height: 9,
  labels: {
    severity: { name: 'Severity', width: 80 },
    alertname: {
      name: 'Alert',
      links: [toRunbook('Runbook', '${__value.raw}'), toAlert('${__value.raw}')],
    },
    job: { name: 'Job', width: 120 },
    profile: { name: 'Profile', width: 90 },
    step: { name: 'Step', width: 120 },
  },
  sortBy: ['Since'],
  columns: [
    {
      name: 'Since',
      expr: `1000 * max by (severity, alertname, job, profile, step) (
  (
    ${firing('ALERTS_FOR_STATE').replace('\n', '\n    ')}
  )
  and ignoring (alertstate)
  ALERTS{alertstate="firing"}
)`,
      unit: 'dateTimeFromNow',
      width: 130,
    },
  ],
});
