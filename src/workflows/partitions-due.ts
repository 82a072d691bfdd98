/** Asks the process that has the project folder which partitions a firing of a schedule makes. */

import { proxyActivities } from '@temporalio/workflow';

import type { Due, StandingOrder } from '../model/standing-order.ts';

export type DueActivities = {
  partitionsDue(input: { readonly order: StandingOrder; readonly atMs: number }): Promise<Due>;
};

/** Asked again until somebody answers. */
export function partitionsDue(input: Parameters<DueActivities['partitionsDue']>[0]): Promise<Due> {
  const activities = proxyActivities<DueActivities>({
    summary: new Date(input.atMs).toISOString(),
    startToCloseTimeout: '1m',
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
  });
  return activities.partitionsDue(input);
}
