/** Which step fails, what it took; and whether the data is as expected. */

import { badAbove, noticeAbove, statusColours } from '../look.ts';
import { bars, lines } from '../panels.ts';
import { FAILURE, counted } from '../queries.ts';
import { rowsOf } from '../table.ts';
import { q, steps, attempts, items, STEP_LABELS } from './shared.ts';

const ofStatus = (statuses: string) => counted(steps(statuses), ['profile', 'step']);
const itemsOf = (statuses: string) => counted(items(statuses), ['profile', 'step']);

export const outcomes = rowsOf({
  title: 'Success and failure of each step',
  description:
    'Final outcomes in the time range, one a step and run, and the executed attempts they took. Failed attempts without failed outcomes: retries made up for them. "Lost": the worker went away in mid-step. "Items": of a step with foreach, those that ended, and those of them that failed.',
  width: 17,
  height: 10,
  decimals: 0,
  labels: STEP_LABELS,
  sortBy: ['Failed', 'Failed attempts'],
  columns: [
    { name: 'OK', expr: ofStatus('OK'), decimals: 0, width: 55 },
    {
      name: 'Warned',
      expr: `${ofStatus('WARN')} > 0`,
      decimals: 0,
      thresholds: noticeAbove(1),
      width: 75,
    },
    { name: 'Cached', expr: `${ofStatus('CACHED')} > 0`, decimals: 0, width: 75 },
    {
      name: 'Failed',
      expr: `${ofStatus(FAILURE)} > 0`,
      decimals: 0,
      thresholds: badAbove(1),
      width: 75,
    },
    { name: 'Skipped', expr: `${ofStatus('SKIPPED|CANCELLED')} > 0`, decimals: 0, width: 75 },
    {
      name: 'Failed attempts',
      expr: `${counted(attempts('fail'), ['profile', 'step'])} > 0`,
      decimals: 0,
      thresholds: noticeAbove(1),
      width: 130,
    },
    {
      name: 'Lost',
      expr: `${counted(attempts('lost'), ['profile', 'step'])} > 0`,
      decimals: 0,
      thresholds: noticeAbove(1),
      width: 55,
    },
    { name: 'Items', expr: `${itemsOf('.+')} > 0`, decimals: 0, width: 75 },
    {
      name: 'Failed items',
      expr: `${itemsOf(FAILURE)} > 0`,
      decimals: 0,
      thresholds: badAbove(1),
      width: 105,
    },
  ],
});

export const outcomesOverTime = bars({
  title: 'Outcomes over time',
  description: 'Final outcomes of the chosen steps in each interval, by status.',
  width: 7,
  height: 10,
  decimals: 0,
  everyMoment: q.everyMoment,
  overrides: statusColours,
  series: [
    {
      expr: `${counted(q.select('pipeline_step_status_total'), ['status'], '$__interval')} > 0`,
      legend: '{{status}}',
    },
  ],
});

export const rows = lines({
  title: 'Rows of each step',
  description:
    'Rows that the last successful execution of each step returned. A sudden drop is worth a look even when every step is OK.',
  unit: 'short',
  width: 14,
  height: 9,
  calcs: ['lastNotNull'],
  series: [{ expr: q.gauge('step_rows', ['direction']), legend: '{{step}} {{direction}}' }],
});

export const checks = rowsOf({
  title: 'Failed checks',
  description:
    'Data-quality checks that found offending rows in the time range, at either severity (warn or fail).',
  width: 10,
  height: 9,
  labels: { step: { name: 'Step' } },
  sortBy: ['Times'],
  columns: [
    {
      name: 'Times',
      expr: `${counted(q.select('pipeline_check_failures_total'), ['step'])} > 0`,
      decimals: 0,
      thresholds: noticeAbove(1),
      width: 80,
    },
  ],
});
