/** Backfills and batches: the runs of many partitions of a job, or of many jobs, ordered as one thing. What its workflow and its activities tell each other. Pure. */

import { labelOf } from './standing-order.ts';

import type { RunMade, RunOrder, StandingOrder } from './standing-order.ts';

/** Which partitions of a range are made: several words mean all that any of them means. */
export const CHOICES = ['missing', 'failed', 'stale', 'all'] as const;
export type Choice = (typeof CHOICES)[number];

/** Argument of the workflow. */
export type BackfillSpec = {
  /** Of a backfill what all its runs are made by; of a batch its name alone. */
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

/** The runs of a backfill or a batch from a place on that have not ended, in their order. */
export type Page = {
  /** Of a backfill. */
  readonly partitions: readonly string[];
  /** Of a batch: an order each. */
  readonly orders?: readonly RunOrder[];
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

/** What became of one run of many. Times are ISO 8601 in UTC. */
type Row = {
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

/** One partition of a backfill. */
export type BackfillRow = Row & { readonly partition: string };

/** One run of a batch: of a job, or of a partition of it. */
export type BatchRow = Row & {
  readonly job: string;
  readonly partition?: string;
  /** Folder of the job, absolute. */
  readonly out: string;
};

export type ManyRow = BackfillRow | BatchRow;

/** What people tell a row by. */
export function labelOfRow(row: ManyRow): string {
  return 'job' in row ? labelOf({ name: row.job }, row.partition) : row.partition;
}

/** How many partitions came to what, in the order of the worst first. */
export function countsOf(
  rows: readonly Pick<ManyRow, 'status'>[],
): ReadonlyMap<PartitionStatus, number> {
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
export function hasEnded({ status }: Pick<ManyRow, 'status'>): boolean {
  return status !== 'WAITING' && status !== 'RUNNING' && status !== 'UNFINISHED';
}

/** True for a partition that the backfill made. */
export function isDone({ status }: Pick<ManyRow, 'status'>): boolean {
  return status === 'OK' || status === 'WARN';
}

/** What a run ended with is told first; then that it was left; what was refused comes last. 0: all are made. */
export function worstExitCode(codes: readonly number[]): number {
  return (
    [3, 130, 1, 2, 4].find((code) => codes.includes(code)) ??
    (codes.some((code) => code > 0) ? 1 : 0)
  );
}
