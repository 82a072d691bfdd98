/** How is it? Six numbers of the job, and a row a step. */

import { COLOUR, badAbove, calm, flag, stateMappings, thresholds } from '../look.ts';
import { stat } from '../panels.ts';
import { FAILURE, SUCCESS, counted } from '../queries.ts';
import { rowsOf } from '../table.ts';
import { q, steps, STEP_LABELS, last, usual, threshold, limit } from './shared.ts';

import type { Common } from '../panels.ts';

const runs = (...more: readonly string[]) => q.select('pipeline_run_status_total', ...more);

const tile = (options: Omit<Common, 'width' | 'height'> & Parameters<typeof stat>[0]) =>
  stat(options);
const SIZE = { width: 4, height: 4 };

export const now = [
  tile({
    ...SIZE,
    title: 'Last run',
    description: 'What became of the last run; of several profiles the worst.',
    expr: `max(${q.runState})`,
    mappings: stateMappings(),
  }),
  tile({
    ...SIZE,
    title: 'Completed',
    description: 'How long ago a run last ended OK or WARN.',
    unit: 's',
    decimals: 0,
    expr: `time() - max(${q.gauge('run_completed_timestamp_seconds')})`,
    noValue: 'never',
    thresholds: calm,
  }),
  tile({
    ...SIZE,
    title: 'Age / period',
    description:
      'Time since the last completed run in periods that the profile expects (expected_every): above 1.2 it is late.',
    decimals: 1,
    expr: `max(${q.share})`,
    noValue: 'no period',
    thresholds: thresholds([null, COLOUR.good], [1.2, COLOUR.notice], [2, COLOUR.bad]),
  }),
  tile({
    ...SIZE,
    title: 'Runs',
    description: 'Runs that ended in the time range, however they ended.',
    decimals: 0,
    expr: counted(runs(), []),
    thresholds: calm,
  }),
  tile({
    ...SIZE,
    title: 'Failed runs',
    description: 'Runs that ended FAIL, TIMEOUT or BUDGET_EXCEEDED in the time range.',
    decimals: 0,
    expr: counted(runs(`status=~"${FAILURE}"`), []),
    thresholds: badAbove(1),
  }),
  tile({
    ...SIZE,
    title: 'Reused',
    description:
      'Share of the OK, WARN and CACHED outcomes in the time range that are CACHED: not executed, because an earlier result has the same fingerprint.',
    unit: 'percentunit',
    decimals: 0,
    expr: `${counted(steps('CACHED'), [])}\n/\n(${counted(steps(SUCCESS), [])} > 0)`,
    thresholds: calm,
  }),
];

/** Rows of steps; the job is the one that was chosen. */
const bySteps = (expr: string) => `max by (profile, step) (${expr})`;

const running = q.gauge('step_running_seconds');

export const stepTable = rowsOf({
  title: 'Steps',
  description:
    'What became of each step last, and how long its last execution took against what is usual (the median of earlier ones), its threshold (alert.p95) and its time limit. "Running for" is by the clock of the worker.',
  width: 24,
  height: 11,
  labels: STEP_LABELS,
  sortBy: ['State', 'Last'],
  columns: [
    {
      name: 'State',
      expr: bySteps(q.stepState),
      mappings: stateMappings({ none: 'never completed' }),
      as: 'background',
      width: 130,
    },
    {
      name: 'Completed',
      expr: `1000 * ${bySteps(q.gauge('step_completed_timestamp_seconds'))}`,
      unit: 'dateTimeAsSystem',
      width: 165,
    },
    {
      name: 'Failed',
      expr: `1000 * ${bySteps(q.gauge('step_failed_timestamp_seconds'))}`,
      unit: 'dateTimeAsSystem',
      width: 165,
    },
    { name: 'Running for', expr: bySteps(running), unit: 's', width: 110 },
    { name: 'Last', expr: bySteps(last), unit: 's', width: 100 },
    { name: 'Usual', expr: bySteps(usual), unit: 's', width: 100 },
    { name: 'Threshold', expr: bySteps(threshold), unit: 's', width: 100 },
    {
      name: 'Last / threshold',
      expr: bySteps(`${last} / (${threshold} > 0)`),
      unit: 'percentunit',
      decimals: 0,
      thresholds: thresholds([null, COLOUR.good], [0.8, COLOUR.notice], [1, COLOUR.bad]),
      width: 130,
    },
    { name: 'Time limit', expr: bySteps(limit), unit: 's', width: 100 },
    {
      name: 'Core',
      expr: bySteps(q.gauge('profile_core_step_info')),
      mappings: flag('core'),
      width: 70,
    },
  ],
});
