/** What it took to get there: attempts, retries, lost workers; and what did not have to be done again. */

import { COLOUR, badAbove, resultColours, thresholds } from '../look.mjs';
import { bars, lines, rowsOf, stat } from '../panels.mjs';
import { SUCCESS, counted, ofProfileStep, ofStep } from '../queries.mjs';

const attemptsOf = (...results) =>
  ofProfileStep('pipeline_step_attempts_total', [`result=~"${results.join('|')}"`]);

export const attempts = {
  title: 'What did it take?',
  panels: [
    bars({
      title: 'Attempts over time',
      description:
        'Executed attempts by how they ended. "lost": the worker went away in mid-step. Attempts are counted by profile, not by job.',
      unit: 'none',
      decimals: 0,
      width: 9,
      height: 8,
      overrides: resultColours,
      series: [
        {
          expr: `${counted(ofProfileStep('pipeline_step_attempts_total'), ['result'], '$__interval')} > 0`,
          legend: '{{result}}',
        },
      ],
    }),
    rowsOf({
      title: 'Attempts that did not succeed',
      description:
        'Attempts in the time range that ended badly or with their worker, of all attempts of the step. A step that succeeds only after retries shows here and nowhere else.',
      unit: 'none',
      width: 9,
      height: 8,
      labels: { profile: 'Profile', step: 'Step', result: 'Ended' },
      sortBy: { field: 'Attempts', desc: true },
      columns: [
        {
          name: 'Attempts',
          expr: `${counted(attemptsOf('fail', 'timeout', 'cancelled', 'lost'), ['profile', 'step', 'result'])} > 0`,
          decimals: 0,
          thresholds: thresholds([null, COLOUR.notice]),
        },
      ],
    }),
    stat({
      title: 'Lost workers',
      description:
        'Attempts that ended because their worker went away: killed, out of memory, or cut off.',
      unit: 'none',
      decimals: 0,
      width: 3,
      height: 4,
      expr: counted(attemptsOf('lost'), []),
      thresholds: badAbove(1),
    }),
    stat({
      title: 'Reused',
      description:
        'Share of the successful outcomes in the time range that were not executed, because an earlier result had the same fingerprint.',
      unit: 'percentunit',
      decimals: 0,
      width: 3,
      height: 4,
      expr: `${counted(ofStep('pipeline_step_status_total', ['status="CACHED"']), [])}
/
(${counted(ofStep('pipeline_step_status_total', [`status=~"${SUCCESS}"`]), [])} > 0)`,
      thresholds: thresholds([null, COLOUR.calm]),
    }),
    lines({
      title: 'Reuse of each step',
      description:
        'Share of CACHED outcomes over the percentile window. A step that falls to 0 has inputs that changed, or never are the same.',
      unit: 'percentunit',
      decimals: 0,
      width: 6,
      height: 4,
      legend: { displayMode: 'hidden', showLegend: false },
      series: [
        {
          expr: `sum by (step) (increase(${ofStep('pipeline_step_status_total', ['status="CACHED"'])}[$window]))
/
(sum by (step) (increase(${ofStep('pipeline_step_status_total', [`status=~"${SUCCESS}"`])}[$window])) > 0)`,
          legend: '{{step}}',
        },
      ],
    }),
  ],
};
