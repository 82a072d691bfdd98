/** The end of a run that nobody waits for: a worker that delivers records it, and has it told. */

import { CancellationScope, proxyActivities } from '@temporalio/workflow';

import type { EndInput, RunSummary } from '../model/run-summary.ts';
import type { Plan } from '../model/plan.ts';

type EndActivities = { recordEnd(input: EndInput): Promise<void> };

/** Waits for a worker as long as it takes: a run that is over and not recorded would go on for everybody who looks. */
export async function recordEnd(
  plan: Plan,
  summary: RunSummary,
  times: Pick<EndInput, 'endedAtMs' | 'elapsedMs'>,
): Promise<void> {
  const activities = proxyActivities<EndActivities>({
    activityId: 'record-end',
    summary: 'record the end',
    taskQueue: plan.run.deliverQueue,
    startToCloseTimeout: '1m',
    retry: { initialInterval: '1s', maximumInterval: '1m' },
  });
  const input: EndInput = { plan: { ...plan, steps: [] }, summary, ...times };
  await CancellationScope.nonCancellable(() => activities.recordEnd(input));
}
