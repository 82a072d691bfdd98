/** What it took to get there: attempts, retries, lost workers; and what did not have to be done again. */

import { COLOUR, badAbove, resultColours, thresholds } from '../look.mjs';
import { bars, rowsOf, stat } from '../panels.mjs';
import { FAILURE, SUCCESS, counted, ofProfileStep, ofStep } from '../queries.mjs';

const BY = ['profile', 'step'];
const attempts = 'pipeline_step_attempts_total';
const status = 'pipeline_step_status_total';
const attemptsOf = (...results) => ofProfileStep(attempts, [`result=~"${results.join('|')}"`]);

const notice = thresholds([null, COLOUR.quiet], [1, COLOUR.notice]);
const bad = thresholds([null, COLOUR.quiet], [1, COLOUR.bad]);

export const tries = {
  title: 'What did it take?',
  panels: [
    rowsOf({
      title: 'Attempts of each step',
      description:
        'Executed attempts in the time range. Failed attempts without failed outcomes: retries made up for them. "Lost": the worker went away in mid-step; such an attempt is made again and is not one of the profile\'s retries. Of all jobs that use the profile.',
      unit: 'none',
      width: 10,
      height: 9,
      labels: { profile: 'Profile', step: 'Step' },
      sortBy: { field: 'Failed', desc: true },
      columns: [
        {
          name: 'Failed',
          expr: counted(attemptsOf('fail', 'timeout'), BY),
          decimals: 0,
          thresholds: notice,
        },
        { name: 'Lost', expr: counted(attemptsOf('lost'), BY), decimals: 0, thresholds: notice },
        { name: 'Cancelled', expr: counted(attemptsOf('cancelled'), BY), decimals: 0 },
        { name: 'OK', expr: counted(attemptsOf('ok'), BY), decimals: 0 },
        {
          name: 'Failed outcomes',
          expr: counted(ofProfileStep(status, [`status=~"${FAILURE}"`]), BY),
          decimals: 0,
          thresholds: bad,
        },
      ],
    }),
    bars({
      title: 'Attempts over time',
      description:
        'Executed attempts in each interval, by how they ended; of all jobs that use the profile.',
      unit: 'none',
      decimals: 0,
      width: 8,
      height: 9,
      overrides: resultColours,
      series: [
        {
          expr: `${counted(ofProfileStep(attempts), ['result'], '$__interval')} > 0`,
          legend: '{{result}}',
        },
      ],
    }),
    stat({
      title: 'Lost workers',
      description:
        'Attempts in the time range that ended because their worker went away: killed, out of memory, or cut off.',
      unit: 'none',
      decimals: 0,
      width: 3,
      height: 9,
      expr: counted(attemptsOf('lost'), []),
      thresholds: badAbove(1),
    }),
    stat({
      title: 'Reused',
      description:
        'Share of the OK, WARN and CACHED outcomes in the time range that are CACHED: not executed, because an earlier result has the same fingerprint.',
      unit: 'percentunit',
      decimals: 0,
      width: 3,
      height: 9,
      expr: `${counted(ofStep(status, ['status="CACHED"']), [])}
/
(${counted(ofStep(status, [`status=~"${SUCCESS}"`]), [])} > 0)`,
      thresholds: thresholds([null, COLOUR.calm]),
    }),
  ],
};
