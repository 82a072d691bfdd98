/** The overview: is anything wrong, and in which job? A row a job; readable with one and with forty. */

import { pageOf } from '../dashboard.ts';
import { OVERVIEW, toRunbook, toTemporal } from '../look.ts';
import { addresses, datasource, job, profile } from '../variables.ts';
import { runsOverTime, alerts } from './happened.ts';
import { jobs, now } from './now.ts';
import { percentiles, successAndFailure, timeline } from './steps.ts';
import { exporters, waiting } from './workers.ts';

export const overview = pageOf({
  uid: OVERVIEW,
  title: 'Pipeline overview',
  description:
    'Is anything wrong, and in which job? A row a job; the name of a job opens its page.',
  variables: [datasource(), job(false), profile(), ...addresses()],
  links: [toRunbook('Runbook'), toTemporal()],
  rows: [
    { title: 'Is anything wrong?', panels: [...now, jobs] },
    { title: 'What happened?', panels: [runsOverTime, alerts] },
    { title: 'Which steps?', panels: [percentiles, successAndFailure, timeline, exporters] },
    { title: 'Can the workers keep up?', panels: [waiting] },
  ],
});
