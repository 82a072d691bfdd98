/** Runs that are ordered ahead of time, by a schedule, a backfill or a batch: the order, the run it means, and what became of it. Pure. */

import type { RunStatus } from './outcome.ts';

/** What a command asks for, to be made later or again and again by whoever has the project folder. */
export type StandingOrder = {
  readonly by: 'schedule' | 'backfill' | 'batch';
  /** Of the schedule, the backfill or the batch; at most 80 characters. Its runs' ids begin with it. */
  readonly id: string;
  /** Of a batch: the job that this one of its orders is for, in the ids of its runs. */
  readonly name?: string;
  /** Path of the job file: absolute, or relative to the folder that the project is opened in. */
  readonly job: string;
  /** Name or path; default: the one the job names. */
  readonly profile?: string;
  /** `name=text` for each parameter that is given. */
  readonly params?: readonly string[];
  /** Folder that receives the dataset; like `job`. */
  readonly out: string;
  /** Partition that each of its runs makes: an id, or `latest` at the time of the run. Absent: the order of the run names it. */
  readonly partition?: string;
  /** Of the schedule of a job that is cut: ids and words, as they are meant at the time of each firing. */
  readonly make?: readonly string[];
  /** Proof that a command of this state folder asks for it; absent where no worker demands it. */
  readonly tag?: string;
};

/** One run of a standing order. */
export type RunOrder = {
  readonly order: StandingOrder;
  readonly runId: string;
  /** Id of the partition; absent: as the order says. */
  readonly partition?: string;
  /** The time it is made for: what `run.date` and `latest` follow from. Unix milliseconds. */
  readonly atMs: number;
  /** Runs that may go on at once in the process that makes it, itself included: they share its memory. Default 1. */
  readonly beside?: number;
};

/** What a firing of a schedule makes. */
export type Due = {
  /** Ids; none: there is nothing to make yet. */
  readonly partitions: readonly string[];
  /** It cannot be told which: one run is made, without a partition, and says why. */
  readonly asWhole?: boolean;
};

/** What became of an ordered run. A reference of it, never data. */
export type RunMade = {
  readonly runId: string;
  readonly partition?: string;
  /** HELD: nothing was made, for another run holds its folder. */
  readonly status: RunStatus | 'HELD';
  /** As a command that makes this run alone would exit. */
  readonly exitCode: number;
  /** Why it is not OK. */
  readonly reason?: string;
};

/** Which runs have a record in the same form. */
export type OrderedBy = { readonly by: StandingOrder['by']; readonly id: string };

/**
 * Which of two runs goes first where both wait for a worker: the one of the lower number, as Temporal counts (1 to 5). What
 * makes up for the past waits behind what is due now.
 */
export function priorityOf(ordered: OrderedBy | undefined): number {
  return ordered?.by === 'backfill' ? PRIORITY.backfill : PRIORITY.usual;
}

/** The usual one is Temporal's own for who says nothing. */
const PRIORITY = Object.freeze({ usual: 3, backfill: 4 });

/** Characters of a run id: more than the longest partition's name leaves to it. */
const MOST_OF_ORDER = 80;

/** Characters of a partition's name that leave room for a time before it. */
const MOST_OF_PARTITION = 20;

/** Characters of a job's name that leave room for the batch before it and a partition behind it. */
const MOST_OF_NAME = 50;

/**
 * The run that an order means: by its partition, or by its time. The same however often it is asked.
 * Times count in whole seconds, as in the names that Temporal gives the firings of a schedule.
 */
export function orderOf(
  order: StandingOrder,
  { partition, atMs }: { readonly partition?: string; readonly atMs: number },
): RunOrder {
  const name = order.id.slice(0, MOST_OF_ORDER);
  if (order.name !== undefined) {
    const own = `${name}-${shortened(order.name, MOST_OF_NAME)}`;
    if (partition === undefined) return { order, runId: own, atMs };
    return { order, runId: `${own}-${shortened(partition)}`, partition, atMs };
  }
  if (partition === undefined) return { order, runId: `${name}-${timeName(atMs)}`, atMs };
  // A schedule makes the same partition again and again.
  const isAgain = order.by === 'schedule';
  const last = isAgain ? `${timeName(atMs)}-${shortened(partition)}` : partition;
  return { order, runId: `${name}-${last}`, partition, atMs };
}

/** The name, or its beginning with a number that tells it from others. */
function shortened(text: string, most = MOST_OF_PARTITION): string {
  if (text.length <= most) return text;
  let hash = 0x811c9dc5;
  for (const letter of text) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193);
  const number = (hash >>> 0).toString(16).padStart(8, '0');
  return `${text.slice(0, most - 9)}-${number}`;
}

/** What people tell a run by among those of its order: the partition, the job, or both. */
export function labelOf(order: Pick<StandingOrder, 'name'>, partition: string | undefined): string {
  if (order.name === undefined) return partition ?? '';
  return partition === undefined ? order.name : `${order.name}/${partition}`;
}

/** Whether an order means this run. */
export function isRunOf({ order, ...run }: RunOrder): boolean {
  return orderOf(order, run).runId === run.runId;
}

/** `20261127-031500`, in UTC. */
function timeName(atMs: number): string {
  const text = new Date(atMs).toISOString().replaceAll(/[-:]/g, '').replace('T', '-');
  return text.slice(0, 15);
}

/** True for a run that did what was asked. */
export function isMade({ status }: RunMade): boolean {
  return status === 'OK' || status === 'WARN';
}
