/** The closed sets of statuses, and how a run's status follows from those of its steps. Pure. */

/** Every final status of a step, upper case wherever a person or a machine reads it. */
export const STATUSES = [
  'OK',
  'WARN',
  'CACHED',
  'SKIPPED',
  'FAIL',
  'TIMEOUT',
  'CANCELLED',
  'BUDGET_EXCEEDED',
] as const;
export type Status = (typeof STATUSES)[number];

/** Every final status of an item of a step: one that was not begun has none. */
export const ITEM_STATUSES = [
  'OK',
  'WARN',
  'CACHED',
  'FAIL',
  'TIMEOUT',
  'CANCELLED',
  'BUDGET_EXCEEDED',
] as const satisfies readonly Status[];

/** Every final status of a run. */
export const RUN_STATUSES = [
  'OK',
  'WARN',
  'FAIL',
  'TIMEOUT',
  'CANCELLED',
  'BUDGET_EXCEEDED',
] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/** Why a run was ended from outside its steps; `limit`: a profile that is a step, at the time limit of that step. */
export type StopCause = 'cancelled' | 'budget' | 'limit';

/** The one final word on a step of a run. Times are Unix milliseconds, durations milliseconds. */
export type Outcome = {
  readonly step: string;
  readonly kind: string;
  readonly status: Status;
  /** One sentence for people: why it was skipped, what failed, which check warned. */
  readonly reason?: string;
  /** Machine-readable cause of a failure, such as CHECK_FAILED. */
  readonly code?: string;
  /** What to do about it. */
  readonly hint?: string;
  /** Exit code of a run that fails of this alone; absent: 1. */
  readonly exitCode?: number;
  /** Path of the step's log on the worker that ran the deciding attempt. */
  readonly log?: string;
  /** Attempts that the profile's retry bound counts; lost workers are not among them. */
  readonly attempts: number;
  /** Attempts that ended with their worker. */
  readonly lost: number;
  /** Duration of the attempt that decided; 0 where nothing ran. */
  readonly durationMs: number;
  /** First schedule to the end, retries and waits included. */
  readonly elapsedMs: number;
  readonly startedAtMs?: number;
  readonly endedAtMs: number;
  readonly rowsIn?: number;
  readonly rowsOut?: number;
  readonly rowsRejected?: number;
  /** Of its result, where it left one. */
  readonly fingerprint?: string;
  /** Names of the checks that failed, at either severity. */
  readonly failedChecks?: readonly string[];
  /** Of a profile that is a step: how its own steps ended, in their order. */
  readonly inner?: readonly Outcome[];
  /** Of a step that was done for each of its items. */
  readonly items?: ItemsEnd;
  /** The seal of the result it tells of; not in records or metrics. */
  readonly seal?: string;
};

/** True for the statuses that leave a result behind for later steps. */
export function isSuccess(status: Status): boolean {
  return status === 'OK' || status === 'WARN' || status === 'CACHED';
}

/** True for what somebody must look at: it failed by itself, not because a person or a need ended it. */
export function isFailure(status: Status): boolean {
  return status === 'FAIL' || status === 'TIMEOUT' || status === 'BUDGET_EXCEEDED';
}

const SEVERITY: Readonly<Record<Status, number>> = Object.freeze({
  OK: 0,
  CACHED: 0,
  SKIPPED: 0,
  WARN: 1,
  CANCELLED: 2,
  BUDGET_EXCEEDED: 3,
  TIMEOUT: 4,
  FAIL: 5,
});

/** A run's status: its worst step's, and never better than what stopped the run. */
export function runStatus(statuses: Iterable<Status>, stop?: StopCause): RunStatus {
  const all = [...statuses];
  if (stop === 'cancelled') all.push('CANCELLED');
  if (stop === 'budget') all.push('BUDGET_EXCEEDED');
  if (stop === 'limit') all.push('TIMEOUT');
  const worst = all.reduce<Status>((a, b) => (SEVERITY[b] > SEVERITY[a] ? b : a), 'OK');
  return worst === 'CACHED' || worst === 'SKIPPED' ? 'OK' : worst;
}

/** How many items ended with each status; those with none are left out. */
export type ItemCounts = Readonly<Partial<Record<Status, number>>>;

/** An item that did not end well, for people. */
export type FailedItem = {
  readonly index: number;
  readonly item: string;
  readonly status: Status;
  readonly code?: string;
  readonly reason?: string;
  readonly log?: string;
};

/** What became of all items of a step. */
export type ItemsEnd = {
  readonly total: number;
  readonly counts: ItemCounts;
  /** The first of those that failed, at most MOST_NAMED. */
  readonly failed?: readonly FailedItem[];
};
