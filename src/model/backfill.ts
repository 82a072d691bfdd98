/** Backfills: the runs of many partitions of a job, ordered as one thing. What its workflow and its activities tell each other. Pure. */

import type { RunMade, StandingOrder } from './standing-order.ts';

/** Which partitions of a range are made: several words mean all that any of them means. */
export const CHOICES = ['missing', 'failed', 'stale', 'all'] as const;
export type Choice = (typeof CHOICES)[number];

/** Argument of the workflow. */
export type BackfillSpec = {
  readonly order: StandingOrder;
  /** When it was asked for: the `run.date` of all its runs. Unix milliseconds. */
  readonly atMs: number;
  /** Runs that go on at once. */
  readonly atMost: number;
  /** Partitions that one execution of the workflow sees to, before it continues as a new one. */
  readonly pageSize: number;
  /** Nothing is begun until somebody resumes it. */
  readonly paused: boolean;
  /** Partitions before this one have ended; default 0. */
  readonly from?: number;
};

/** Argument of the activity that tells which partitions come next. */
export type PageInput = {
  readonly order: StandingOrder;
  readonly from: number;
  readonly limit: number;
};

/** The partitions of a backfill from a place on that have not ended, in their order. */
export type Page = {
  readonly partitions: readonly string[];
  /** The place behind the last of them, and behind those that had ended. */
  readonly next: number;
  /** Of the whole backfill. */
  readonly total: number;
};

/** How far a backfill is, as its workflow knows. */
export type BackfillProgress = {
  readonly ended: number;
  readonly total: number;
  /** Partitions whose runs go on. */
  readonly running: readonly string[];
  readonly paused: boolean;
};

/** Partitions that one execution of the workflow sees to: some ten events each, far below what a history may hold. */
export const PAGE_SIZE = 250;
/** Runs that go on at once, where nobody says. */
export const AT_MOST = 4;
/** Pending activities that a workflow may have, with room to spare. */
export const AT_MOST_LIMIT = 100;

/** What a partition came to, or is at. */
export type PartitionStatus = RunMade['status'] | 'WAITING' | 'RUNNING' | 'UNFINISHED';

/** One partition of a backfill. Times are ISO 8601 in UTC. */
export type BackfillRow = {
  readonly partition: string;
  readonly status: PartitionStatus;
  readonly run_id?: string;
  readonly started_at?: string;
  readonly finished_at?: string;
  /** As the command that makes this partition alone would exit; absent while it has not ended. */
  readonly exit_code?: number;
  /** Why it is not OK. */
  readonly reason?: string;
  readonly code?: string;
  /** Log of the step that decided, absolute. */
  readonly log?: string;
};

/** How many partitions came to what, in the order of the worst first. */
export function countsOf(rows: readonly BackfillRow[]): ReadonlyMap<PartitionStatus, number> {
  const counts = new Map<PartitionStatus, number>();
  for (const status of ORDER) {
    const count = rows.filter((row) => row.status === status).length;
    if (count > 0) counts.set(status, count);
  }
  return counts;
}

const ORDER: readonly PartitionStatus[] = [
  'FAIL',
  'TIMEOUT',
  'BUDGET_EXCEEDED',
  'HELD',
  'CANCELLED',
  'WARN',
  'OK',
  'RUNNING',
  'UNFINISHED',
  'WAITING',
];

/** True for a partition that has come to its end. */
export function hasEnded({ status }: Pick<BackfillRow, 'status'>): boolean {
  return status !== 'WAITING' && status !== 'RUNNING' && status !== 'UNFINISHED';
}

/** True for a partition that the backfill made. */
export function isDone({ status }: Pick<BackfillRow, 'status'>): boolean {
  return status === 'OK' || status === 'WARN';
}

/** What a run ended with is told first; then that it was left; what was refused comes last. 0: all are made. */
export function worstExitCode(codes: readonly number[]): number {
  return (
    [3, 130, 1, 2, 4].find((code) => codes.includes(code)) ??
    (codes.some((code) => code > 0) ? 1 : 0)
  );
}
