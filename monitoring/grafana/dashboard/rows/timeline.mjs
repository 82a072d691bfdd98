/** The recent run timeline: when each step completed, as cells over time and as a table of dates; and what runs now. */

import { COLOUR, flagMapping, stateMappings, toStep } from '../look.mjs';
import { cells, rowsOf } from '../panels.mjs';
import { STATES, current, moved, newest, ofStep, stepState } from '../queries.mjs';

const LABELS = { job: 'Job', profile: 'Profile', step: 'Step' };

const STEP_LINKS = {
  Step: [toStep('${__data.fields.Job}', '${__data.fields.Profile}', '${__value.raw}')],
};

export const timeline = {
  title: 'What ran when?',
  panels: [
    cells({
      title: 'Recent run timeline',
      description:
        'A row a step, a cell an interval: green where the step completed (OK, WARN or CACHED), red where it failed, faint where it did neither. Zoom in for shorter intervals; the table below has the exact times.',
      unit: 'none',
      width: 24,
      height: 12,
      series: [
        {
          expr: `0 * (${moved('step_failed_timestamp_seconds')}) + ${STATES.failed}\nor 0 * (${moved('step_completed_timestamp_seconds')}) + ${STATES.ok}\nor 0 * ${newest('profile_step_timeout_seconds')}`,
          legend: '{{profile}} / {{step}} ({{job}})',
        },
      ],
      mappings: stateMappings({ none: 'nothing', noneColour: COLOUR.hardly, running: 'running' }),
    }),
    rowsOf({
      title: 'Last completion of each step',
      description:
        'The steps of the newest run of each job and profile, the last to complete first. Kept for 14 days, also when the process has gone. A step "runs" when an attempt of it runs at this moment.',
      unit: 'none',
      width: 24,
      height: 10,
      labels: LABELS,
      labelLinks: STEP_LINKS,
      sortBy: { field: 'Completed', desc: true },
      columns: [
        {
          name: 'State',
          expr: stepState,
          mappings: stateMappings({ none: 'never completed', running: 'runs' }),
        },
        {
          name: 'Completed',
          expr: `1000 * (${current(newest('step_completed_timestamp_seconds'))})`,
          unit: 'dateTimeAsSystem',
        },
        {
          name: 'Age',
          expr: `time() - (${current(newest('step_completed_timestamp_seconds'))})`,
          unit: 's',
          decimals: 0,
        },
        {
          name: 'Last failed',
          expr: `1000 * (${current(newest('step_failed_timestamp_seconds'))})`,
          unit: 'dateTimeAsSystem',
        },
        {
          name: 'Last duration',
          expr: current(newest('step_last_duration_seconds')),
          unit: 's',
        },
        {
          name: 'Core',
          expr: newest('profile_core_step_info'),
          mappings: flagMapping('core'),
        },
      ],
    }),
    rowsOf({
      title: 'Running now',
      description:
        'Attempts that run at this moment, the longest first, with the durations at which the profile warns and ends them.',
      unit: 'none',
      width: 24,
      height: 6,
      labels: LABELS,
      labelLinks: STEP_LINKS,
      sortBy: { field: 'For', desc: true },
      columns: [
        {
          name: 'Since',
          expr: `1000 * ${running()}`,
          unit: 'dateTimeAsSystem',
        },
        { name: 'For', expr: `time() - ${running()}`, unit: 's', decimals: 0 },
        {
          name: 'Warns at',
          expr: `${newest('profile_step_p95_threshold_seconds')} and ${running()}`,
          unit: 's',
        },
        {
          name: 'Ends at',
          expr: `${newest('profile_step_timeout_seconds')} and ${running()}`,
          unit: 's',
        },
        {
          name: 'Share of time limit',
          expr: `(time() - ${running()}) / ${newest('profile_step_timeout_seconds')}`,
          unit: 'percentunit',
          decimals: 0,
          thresholds: {
            mode: 'absolute',
            steps: [
              { color: COLOUR.good, value: null },
              { color: COLOUR.notice, value: 0.5 },
              { color: COLOUR.bad, value: 0.9 },
            ],
          },
        },
      ],
    }),
  ],
};

function running() {
  return `min by (job, profile, step) (${ofStep('pipeline_step_started_timestamp_seconds')})`;
}
