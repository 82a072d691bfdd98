/** Schedules the activities of whoever has the project folder: a run is made exactly once, however often they are tried. */

import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';

import type { Page, PageInput } from '../model/backfill.ts';
import type { RunMade, RunOrder } from '../model/standing-order.ts';

export type OrderActivities = {
  /** Makes the run, goes on with it, or answers what became of it. */
  makeRun(order: RunOrder): Promise<RunMade>;
  /** The runs of a backfill or a batch that come next. */
  nextPartitions(input: PageInput): Promise<Page>;
};

/** Nobody but the server ends a run by its time: budgets are the job's. */
const LONGEST_RUN = '90 days';
const NOT_HEARD_OF = '15s';

/** Tried again for ever: what kept a run from its end, such as a process that went away, may not the next time. */
const AGAIN = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' } as const;

/** Has a run made, by whatever process serves this workflow's queue. Cancelled, it answers once the run has ended. */
export function makeRun(order: RunOrder): Promise<RunMade> {
  const activities = proxyActivities<OrderActivities>({
    activityId: order.runId,
    summary: order.partition ?? order.runId,
    startToCloseTimeout: LONGEST_RUN,
    heartbeatTimeout: NOT_HEARD_OF,
    retry: AGAIN,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  });
  return activities.makeRun(order);
}

/** Asks the process that has the project folder. */
export function nextPartitions(input: PageInput): Promise<Page> {
  const activities = proxyActivities<OrderActivities>({
    summary: `from ${input.from}`,
    startToCloseTimeout: '1m',
    retry: AGAIN,
  });
  return activities.nextPartitions(input);
}
