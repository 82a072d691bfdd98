/** The tiles: is anything wrong at this moment, and how much happened? */

import { COLOUR, badAbove, thresholds, toAlert, toRunbook } from '../look.mjs';
import { rowsOf, stat } from '../panels.mjs';
import {
  FAILURE,
  STATES,
  counted,
  failingSteps,
  firing,
  newest,
  ofInstance,
  ofRun,
  ofStep,
  orZero,
  runState,
} from '../queries.mjs';

const tile = (options) => stat({ width: 3, height: 4, decimals: 0, ...options });

const runsCounted = (more) => counted(ofRun('pipeline_run_status_total', more), []);

export const now = {
  title: 'Is anything wrong?',
  panels: [
    tile({
      title: 'Last run failed',
      description:
        'Pairs of job and profile whose last run ended FAIL, TIMEOUT or BUDGET_EXCEEDED. The table under "How did the runs end?" names them.',
      unit: 'none',
      expr: orZero(`count((${runState}) == ${STATES.failed})`),
      thresholds: badAbove(1),
    }),
    tile({
      title: 'Failing steps',
      description:
        'Steps whose last failure is newer than their last completion. Stays until the step succeeds again, also when the process has gone.',
      unit: 'none',
      expr: orZero(`count(${failingSteps})`),
      thresholds: badAbove(1),
      links: [toRunbook('What to do about a failing step')],
    }),
    tile({
      title: 'Alerts firing',
      description:
        'Alerts of severity critical or warning that fire now; the table below names them. Those about workers count whatever is chosen.',
      unit: 'none',
      expr: orZero(`count(${firing('ALERTS', ['alertstate="firing"', 'severity!="info"'])})`),
      thresholds: badAbove(1),
      links: [toRunbook('Runbook')],
    }),
    tile({
      title: 'Last completed run',
      description: 'How long ago a run last ended OK or WARN.',
      unit: 's',
      expr: `time() - max(${newest('run_completed_timestamp_seconds')})`,
      noValue: 'none yet',
      thresholds: thresholds([null, COLOUR.calm]),
    }),
    tile({
      title: 'Runs',
      description:
        'Runs that ended in the time range, however they ended. Exact, not extrapolated; a series that Prometheus sees for the first time counts with all it has.',
      unit: 'none',
      expr: runsCounted([]),
      thresholds: thresholds([null, COLOUR.calm]),
    }),
    tile({
      title: 'Failed runs',
      description: 'Runs that ended FAIL, TIMEOUT or BUDGET_EXCEEDED in the time range.',
      unit: 'none',
      expr: runsCounted([`status=~"${FAILURE}"`]),
      thresholds: badAbove(1),
    }),
    tile({
      title: 'Steps running',
      description: 'Steps whose attempt runs at this moment, on all chosen instances.',
      unit: 'none',
      expr: orZero(`count(${ofStep('pipeline_step_started_timestamp_seconds')})`),
      thresholds: thresholds([null, COLOUR.calm]),
    }),
    tile({
      title: 'Exporters up',
      description:
        'Exporters that Prometheus reached at its last scrape, of those it has seen in the time range. A one-shot command is up only while it runs: 0 is normal then. For workers see "Can the workers keep up?".',
      unit: 'none',
      expr: `sum(${ofInstance('up')} and on (job, instance) last_over_time(${ofInstance('pipeline_build_info')}[$__range]))`,
      thresholds: thresholds([null, COLOUR.quiet], [1, COLOUR.good]),
    }),
    rowsOf({
      title: 'Firing alerts',
      description:
        'What fires now, the newest first. The name of an alert is a section of the runbook: its meaning, what to look at first, what to do.',
      unit: 'none',
      width: 24,
      height: 5,
      labels: {
        severity: 'Severity',
        alertname: 'Alert',
        job: 'Job',
        profile: 'Profile',
        step: 'Step',
        instance: 'Instance',
      },
      labelLinks: { Alert: [toAlert('${__value.raw}'), toRunbook('Runbook', '${__value.raw}')] },
      sortBy: { field: 'Since', desc: true },
      columns: [
        {
          name: 'Since',
          expr: `1000 * max by (severity, alertname, job, profile, step, instance) (
  (
    ${firing('ALERTS_FOR_STATE').replace('\n', '\n    ')}
  )
  and ignoring (alertstate)
  ALERTS{alertstate="firing"}
)`,
          unit: 'dateTimeAsSystem',
        },
      ],
    }),
  ],
};
