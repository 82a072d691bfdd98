/** One firing of a schedule: has the run made that its order means at the scheduled time. Fails if the run does. */

import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { ApplicationFailure, CancelledFailure, workflowInfo } from '@temporalio/workflow';

import { isMade, orderOf } from '../model/standing-order.ts';
import { makeRun } from './order-activities.ts';

import type { RunMade, StandingOrder } from '../model/standing-order.ts';

/** Temporal's own word on when a schedule meant this workflow to start. */
const SCHEDULED = defineSearchAttributeKey(
  'TemporalScheduledStartTime',
  SearchAttributeType.DATETIME,
);

/** A run that is not OK or WARN ends it as a failed (or cancelled) workflow, with what became of the run in its details. */
export async function runScheduled(order: StandingOrder): Promise<RunMade> {
  const { typedSearchAttributes, startTime } = workflowInfo();
  const at = typedSearchAttributes.get(SCHEDULED) ?? startTime;
  const made = await makeRun(orderOf(order, { atMs: at.getTime() }));
  if (isMade(made)) return made;
  const message = made.reason ?? `run ${made.runId} ended ${made.status}`;
  if (made.status === 'CANCELLED') throw new CancelledFailure(message, [made]);
  throw ApplicationFailure.create({
    message,
    type: made.status,
    nonRetryable: true,
    details: [made],
  });
}
