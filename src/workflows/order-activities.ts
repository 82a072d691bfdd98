/** Schedules the activities of whoever has the project folder: a run is made exactly once, however often they are tried. */

import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';

import type { RunMade, RunOrder } from '../model/standing-order.ts';

export type OrderActivities = {
  /** Makes the run, goes on with it, or answers what became of it. */
  makeRun(order: RunOrder): Promise<RunMade>;
};

/** Nobody but the server ends a run by its time: budgets are the job's. */
const LONGEST_RUN = '90 days';
const NOT_HEARD_OF = '15s';

/** Has a run made, by whatever process serves this workflow's queue. Cancelled, it answers once the run has ended. */
export function makeRun(order: RunOrder): Promise<RunMade> {
  const activities = proxyActivities<OrderActivities>({
    activityId: order.runId,
    summary: order.partition ?? order.runId,
    startToCloseTimeout: LONGEST_RUN,
    heartbeatTimeout: NOT_HEARD_OF,
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  });
  return activities.makeRun(order);
}
