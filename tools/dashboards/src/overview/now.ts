/** Is anything wrong? Six numbers, and a row a job, the worst first. */

import {
  COLOUR,
  badAbove,
  calm,
  noticeAbove,
  stateMappings,
  thresholds,
  toJob,
  toRunbook,
} from '../look.ts';
import { stat } from '../panels.ts';
import { FAILURE, STATES, counted } from '../queries.ts';
import { rowsOf } from '../table.ts';
import { q, RUN, firing } from './shared.ts';

import type { Common } from '../panels.ts';

/** Periods without a completed run after which a job is late: one, and slack for the run itself. */
const LATE = 1.2;

const runs = q.select('pipeline_run_status_total');
const failedRuns = q.select('pipeline_run_status_total', `status=~"${FAILURE}"`);

const tile = (options: Omit<Common, 'width' | 'height'> & { expr: string; noValue?: string }) =>
  stat({ width: 4, height: 4, decimals: 0, ...options });

export const now = [
  tile({
    title: 'Failing jobs',
    description: 'Pairs of job and profile whose last run ended FAIL, TIMEOUT or BUDGET_EXCEEDED.',
    expr: q.orZero(`count((${q.runState}) == ${STATES.failed})`),
    thresholds: badAbove(1),
    links: [toRunbook('What to do about a failing step', 'pipelinestepfailing')],
  }),
  tile({
    title: 'Late jobs',
    description:
      'Jobs without a completed run for more than 1.2 of the periods that their profile expects (expected_every).',
    expr: q.orZero(`count(${q.share} > ${LATE})`),
    thresholds: thresholds([null, COLOUR.good], [1, COLOUR.notice]),
  }),
  tile({
    title: 'Alerts firing',
    description:
      'Alerts of severity critical or warning that fire now; the table below names them.',
    expr: q.orZero(`count(${firing('ALERTS', 'alertstate="firing"', 'severity!="info"')})`),
    thresholds: badAbove(1),
    links: [toRunbook('Runbook')],
  }),
  tile({
    title: 'Steps running',
    description: 'Steps whose attempt runs at this moment.',
    expr: q.orZero(`count(${q.gauge('step_running_seconds')})`),
    thresholds: calm,
  }),
  tile({
    title: 'Longest unserved queue',
    description:
      'For how long an open run has waited for a worker while nobody polled its task queue.',
    unit: 's',
    expr: 'max(pipeline_queue_unserved_seconds)',
    noValue: 'none',
    thresholds: thresholds([null, COLOUR.good], [1, COLOUR.notice], [300, COLOUR.bad]),
  }),
  tile({
    title: 'Free disk for state',
    description: 'The fullest of the file systems that hold state folders: what is left of it.',
    unit: 'percentunit',
    expr: 'min(pipeline_state_disk_free_bytes / (pipeline_state_disk_size_bytes > 0))',
    thresholds: thresholds([null, COLOUR.bad], [0.1, COLOUR.notice], [0.2, COLOUR.good]),
  }),
];

export const jobs = rowsOf({
  title: 'Jobs',
  description:
    'A row a job and profile: what failed first, then what is late. The name of a job opens its page. "Age / period" is the time since the last completed run in periods of the profile: above 1.2 it is late. Runs are those that ended in the time range.',
  width: 24,
  height: 13,
  labels: {
    job: { name: 'Job', links: [toJob('${__value.raw}', '${__data.fields.Profile}')] },
    profile: { name: 'Profile' },
  },
  sortBy: ['Last run', 'Age / period'],
  filterable: true,
  columns: [
    { name: 'Last run', expr: q.runState, mappings: stateMappings(), as: 'background', width: 110 },
    {
      name: 'Completed',
      expr: `1000 * ${q.gauge('run_completed_timestamp_seconds')}`,
      unit: 'dateTimeFromNow',
    },
    {
      name: 'Age / period',
      expr: q.share,
      decimals: 1,
      max: 2,
      as: 'gauge',
      thresholds: thresholds([null, COLOUR.good], [LATE, COLOUR.notice], [2, COLOUR.bad]),
      width: 160,
    },
    { name: 'Took', expr: q.gauge('run_last_duration_seconds'), unit: 's' },
    {
      name: 'Failing steps',
      expr: `count by (job, profile) (${q.ofRuns(q.failingSteps)})`,
      decimals: 0,
      thresholds: badAbove(1),
    },
    {
      name: 'Slow steps',
      expr: `count by (job, profile) (${q.ofRuns(q.slowSteps)})`,
      decimals: 0,
      thresholds: noticeAbove(1),
    },
    { name: 'Runs', expr: counted(runs, RUN), decimals: 0 },
    {
      name: 'Failed runs',
      expr: `${counted(failedRuns, RUN)} > 0`,
      decimals: 0,
      thresholds: badAbove(1),
    },
  ],
});
