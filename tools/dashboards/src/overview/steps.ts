/** Which steps: how long they take, which fail, and when each completed. The worst or newest of all jobs. */

import { badAbove, toJob } from '../look.ts';
import { FAILURE, SUCCESS, counted, greatest } from '../queries.ts';
import { rowsOf } from '../table.ts';
import { WINDOW } from '../variables.ts';
import { q, STEP } from './shared.ts';

/** How many of the steps are listed where forty jobs have hundreds. */
const MOST = 20;

const outcomes = (statuses: string) =>
  q.select('pipeline_step_status_total', `status=~"${statuses}"`);

const STEP_LABELS = {
  job: { name: 'Job', width: 110 },
  profile: { name: 'Profile', width: 84 },
  step: {
    name: 'Step',
    width: 110,
    links: [toJob('${__data.fields.Job}', '${__data.fields.Profile}', '${__value.raw}')],
  },
};

/** By the exact gauge, so that no two are equal and every column chooses the same steps. */
const last = q.gauge('step_last_duration_seconds');
const ofSlowest = (expr: string) => `${expr}
and
${greatest(MOST, last)}`;

export const percentiles = rowsOf({
  title: 'Step duration percentiles (P50, P95)',
  description: `P50 and P95 of the executions of the last ${WINDOW}, of the ${MOST} steps whose last execution was longest. A percentile is interpolated inside a bucket: with few executions it tells the size only, and what is exact stands beside it. The page of a job draws them over time.`,
  width: 12,
  height: 11,
  labels: STEP_LABELS,
  sortBy: ['P95', 'Last'],
  columns: [
    { name: 'P50', expr: ofSlowest(q.quantile(0.5, WINDOW)), unit: 's', width: 72 },
    { name: 'P95', expr: ofSlowest(q.quantile(0.95, WINDOW)), unit: 's', width: 78 },
    { name: 'Last', expr: greatest(MOST, last), unit: 's', width: 78 },
    {
      name: 'Usual',
      expr: ofSlowest(q.gauge('step_usual_duration_seconds')),
      unit: 's',
      width: 82,
    },
    {
      name: 'Threshold',
      expr: ofSlowest(q.gauge('profile_step_p95_threshold_seconds')),
      unit: 's',
      width: 84,
    },
  ],
});

/** Of steps that failed as often the last one to fail: no two are equal, and every column chooses the same steps. */
const newest = `(${q.gauge('step_failed_timestamp_seconds')} or ${q.gauge('step_completed_timestamp_seconds')})`;
const failures = counted(outcomes(FAILURE), STEP);
const worst = greatest(MOST, `${failures}\n+ 1e-10 * ${newest}`);

export const successAndFailure = rowsOf({
  title: 'Success and failure of each step',
  description: `Final outcomes in the time range, one a step and run: of the ${MOST} steps that failed most. Success is OK, WARN or CACHED, failure FAIL, TIMEOUT or BUDGET_EXCEEDED. The page of a job has every status.`,
  width: 12,
  height: 11,
  decimals: 0,
  labels: STEP_LABELS,
  sortBy: ['Failed'],
  columns: [
    { name: 'Failed', expr: `floor(${worst})`, decimals: 0, thresholds: badAbove(1) },
    {
      name: 'Succeeded',
      expr: `${counted(outcomes(SUCCESS), STEP)}\nand\n${worst}`,
      decimals: 0,
    },
  ],
});

export const timeline = rowsOf({
  title: 'Recent run timeline',
  description: `When each step last completed (OK, WARN or CACHED), the ${MOST} newest first. The page of a job draws them over time.`,
  width: 12,
  height: 10,
  labels: STEP_LABELS,
  sortBy: ['Completed'],
  columns: [
    {
      name: 'Completed',
      expr: `1000 * ${greatest(MOST, q.gauge('step_completed_timestamp_seconds'))}`,
      unit: 'dateTimeAsSystem',
    },
  ],
});
