/**
 * One firing of a schedule: has the run made that its order means at the scheduled time, or of a job that is cut a run
 * for each partition that is due. Fails if a run does.
 *
 * A partition that fails stops no other one. What is due is asked once, so a firing means the same however often it is
 * begun again.
 */

import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  continueAsNew,
  workflowInfo,
} from '@temporalio/workflow';

import { isMade, orderOf } from '../model/standing-order.ts';
import { makeRun } from './order-activities.ts';
import { partitionsDue } from './partitions-due.ts';

import type { RunMade, StandingOrder } from '../model/standing-order.ts';

/** What a firing that makes partitions has behind it, where its history has become long. */
type Rest = {
  readonly partitions: readonly string[];
  readonly atMs: number;
  readonly made: number;
  readonly failed: readonly RunMade[];
};

/** What became of a firing that makes partitions. */
export type PartitionsMade = { readonly made: number };

/** Temporal's own word on when a schedule meant this workflow to start. */
const SCHEDULED = defineSearchAttributeKey(
  'TemporalScheduledStartTime',
  SearchAttributeType.DATETIME,
);

/** Partitions that are made at once; each run has its own concurrency. */
const AT_ONCE = 4;
/** Runs of one history. */
const MOST_RUNS = 300;
/** Failed ones that are told by name. */
const MOST_NAMED = 5;

/** A run that is not OK or WARN ends it as a failed (or cancelled) workflow, with what became of the run in its details. */
export async function runScheduled(
  order: StandingOrder,
  rest?: Rest,
): Promise<RunMade | PartitionsMade> {
  const { typedSearchAttributes, startTime } = workflowInfo();
  const atMs = rest?.atMs ?? (typedSearchAttributes.get(SCHEDULED) ?? startTime).getTime();
  if (order.make === undefined) return makeOne(order, atMs);
  if (rest !== undefined) return makePartitions(order, rest);
  const { partitions, asWhole = false } = await partitionsDue({ order, atMs });
  if (asWhole) return makeOne(order, atMs);
  return makePartitions(order, { partitions, atMs, made: 0, failed: [] });
}

async function makeOne(order: StandingOrder, atMs: number): Promise<RunMade> {
  const made = await makeRun(orderOf(order, { atMs }));
  if (isMade(made)) return made;
  const message = made.reason ?? `run ${made.runId} ended ${made.status}`;
  if (made.status === 'CANCELLED') throw new CancelledFailure(message, [made]);
  throw ApplicationFailure.create({
    message,
    type: made.status,
    nonRetryable: true,
    // It is on record; the worker's log is for what nobody foresaw.
    category: 'BENIGN',
    details: [made],
  });
}

async function makePartitions(
  order: StandingOrder,
  { partitions, atMs, made, failed }: Rest,
): Promise<PartitionsMade> {
  const waiting = partitions.slice(0, MOST_RUNS).values();
  const bad: RunMade[] = [...failed];
  let good = made;
  let broken: unknown;
  /** Makes one run after another. */
  const lane = async (): Promise<void> => {
    for (const partition of waiting) {
      // Cancelled, it ends once its runs have, and begins none.
      if (broken !== undefined || CancellationScope.current().consideredCancelled) return;
      try {
        const one = await makeRun(orderOf(order, { partition, atMs }));
        if (isMade(one)) good += 1;
        else bad.push(one);
      } catch (error) {
        broken ??= error;
        return;
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  if (broken !== undefined) throw broken;
  const left = partitions.slice(MOST_RUNS);
  if (left.length > 0) {
    const rest: Rest = { partitions: left, atMs, made: good, failed: bad };
    await continueAsNew<typeof runScheduled>(order, rest);
  }
  if (bad.length === 0) return { made: good };
  throw failureOf(bad, good + bad.length);
}

function failureOf(bad: readonly RunMade[], all: number): Error {
  const named = bad.slice(0, MOST_NAMED).map(({ partition, status }) => `${partition} ${status}`);
  const more = bad.length > MOST_NAMED ? ', ...' : '';
  const message = `${bad.length} of ${all} partitions were not made: ${named.join(', ')}${more}`;
  if (bad.every(({ status }) => status === 'CANCELLED')) return new CancelledFailure(message);
  return ApplicationFailure.create({
    message,
    type: bad.find(({ status }) => status !== 'CANCELLED')?.status ?? 'FAIL',
    nonRetryable: true,
    category: 'BENIGN',
    details: [bad.slice(0, MOST_NAMED)],
  });
}
