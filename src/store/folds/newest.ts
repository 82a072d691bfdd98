/**
 * The newest that is known of every job, whoever made it: what gauges show. Pure.
 *
 * 1. A value belongs to a moment; of two the later one counts, in whatever order they are read.
 * 2. What is known of two parts of a journal merges into what is known of both.
 * 3. A moment that is yet to come was told by a clock that was wrong: once more is told of the same step or runs, it goes.
 *    Else a failure of tomorrow would hold, or a success hide what fails, until then.
 */

import { isFailure, isSuccess } from '../../model/outcome.ts';
import { addTo, mergeBy } from './merge-by.ts';
import { isToCome, knownOfRuns, knownOfStep } from './wrong-clock.ts';

import type { Entry, Fact, RunEntry } from '../entries.ts';
import type { At, NewestOfRuns, NewestOfStep } from './newest-of.ts';

export type RecentRun = {
  readonly runId: string;
  readonly job: string;
  readonly profile: string;
  readonly atMs: number;
};

export type Newest = {
  /** By job, profile and step. */
  readonly steps: Readonly<Record<string, NewestOfStep>>;
  /** By job and profile. */
  readonly runs: Readonly<Record<string, NewestOfRuns>>;
  /** The last run of each job and profile, and the last of all; oldest first. */
  readonly recent: readonly RecentRun[];
  /** By job and profile, the run whose failure, or that of a step in it, is the newest. Absent in what an earlier version wrote. */
  readonly failed?: Readonly<Record<string, RecentRun>>;
  /** When a job was last said to be gone. */
  readonly forgotten: Readonly<Record<string, number>>;
};

/** Executions that are remembered of each step: so many, and the newest, make the usual duration. */
const USUAL_OF = 10;
/** Runs that are remembered by name beside the last of each job and profile. */
const RECENT_MORE = 20;

export const NOTHING_NEWEST: Newest = Object.freeze({
  steps: {},
  runs: {},
  recent: [],
  forgotten: {},
});

/** What entries tell, in their order. */
export function newestOf(entries: Iterable<Entry>, nowMs: number): Newest {
  const ofSteps = stepsAt(nowMs);
  const ofRunsOf = runsAt(nowMs);
  const steps: Record<string, NewestOfStep> = {};
  const runs: Record<string, NewestOfRuns> = {};
  const forgotten: Record<string, number> = {};
  const recent: RecentRun[] = [];
  const failed: Record<string, RecentRun> = {};
  for (const entry of entries) {
    if ('aside' in entry) continue;
    switch (entry.type) {
      case 'outcome':
      case 'attempt':
        addTo(steps, ofStep(entry), ofSteps);
        recent.push(runOf(entry));
        if (entry.type === 'outcome' && isFailure(entry.outcome.status)) {
          addTo(failed, runOf(entry), newestRunAt(nowMs));
        }
        break;
      case 'item': // Its step and its attempts tell more.
        break;
      case 'run':
      case 'shape':
        addTo(runs, ofRuns(entry), ofRunsOf);
        recent.push(runOf(entry));
        if (entry.type === 'run' && isFailure(entry.status)) {
          addTo(failed, runOf(entry), newestRunAt(nowMs));
        }
        break;
      case 'forget':
        forgotten[entry.job] = Math.max(entry.atMs, forgotten[entry.job] ?? 0);
        break;
      default: // Nothing else is shown.
    }
  }
  return { steps, runs, forgotten, failed, recent: mergeRecent([], recent) };
}

/** What two parts tell. */
export function mergeNewest(older: Newest, newer: Newest, nowMs: number): Newest {
  return {
    steps: mergeBy(older.steps, newer.steps, stepsAt(nowMs)),
    runs: mergeBy(older.runs, newer.runs, runsAt(nowMs)),
    recent: mergeRecent(older.recent, newer.recent),
    failed: mergeBy(older.failed ?? {}, newer.failed ?? {}, newestRunAt(nowMs)),
    forgotten: mergeBy(older.forgotten, newer.forgotten, Math.max),
  };
}

function ofStep(fact: Extract<Fact, { type: 'outcome' | 'attempt' }>): NewestOfStep {
  const { job, profile, atMs } = fact;
  if (fact.type === 'outcome') {
    const { step, status, endedAtMs, items, rowsOut } = fact.outcome;
    const isMade = status === 'OK' || status === 'WARN';
    return {
      ...{ job, profile, step, seenMs: atMs, usual: [] },
      ...(isSuccess(status) ? { completedMs: endedAtMs } : {}),
      ...(isFailure(status) ? { failedMs: endedAtMs } : {}),
      // Attempts of items do not tell the rows of all of them.
      ...(items !== undefined && isMade && rowsOut !== undefined
        ? { rows: { atMs, direction: 'out', count: rowsOut } as const }
        : {}),
    };
  }
  const { step, durationMs, observed } = fact;
  const rows = rowsOf(fact);
  return {
    ...{ job, profile, step, seenMs: atMs, usual: observed ? [[atMs, durationMs] as const] : [] },
    // Where the server ended an attempt, nobody measured it.
    ...(durationMs > 0 ? { last: { atMs, durationMs } } : {}),
    ...(rows === undefined ? {} : { rows }),
  };
}

function rowsOf({
  atMs,
  rowsOut,
  rowsRejected,
}: Extract<Fact, { type: 'attempt' }>): NewestOfStep['rows'] {
  if (rowsRejected !== undefined) return { atMs, direction: 'rejected', count: rowsRejected };
  return rowsOut === undefined ? undefined : { atMs, direction: 'out', count: rowsOut };
}

function ofRuns(entry: Extract<RunEntry, { type: 'run' | 'shape' }>): NewestOfRuns {
  const { job, profile, atMs } = entry;
  if (entry.type === 'shape') {
    const { job: _, profile: __, ...shape } = entry.shape;
    return { job, profile, seenMs: atMs, startedMs: atMs, shape: { atMs, ...shape } };
  }
  const { status, startedAtMs, durationMs } = entry;
  const endedMs = startedAtMs + durationMs;
  return {
    ...{ job, profile, seenMs: atMs, startedMs: startedAtMs, last: { endedMs, durationMs } },
    ...(isSuccess(status) ? { completedMs: endedMs } : {}),
    ...(isFailure(status) ? { failedMs: endedMs } : {}),
  };
}

function runOf({ runId, job, profile, atMs }: RunEntry): RecentRun {
  return { runId, job, profile, atMs };
}

type Merge<T> = (older: T, newer: T) => T;

const stepsAt =
  (nowMs: number): Merge<NewestOfStep> =>
  (older, newer) =>
    mergeSteps(knownOfStep(older, nowMs), newer);
const runsAt =
  (nowMs: number): Merge<NewestOfRuns> =>
  (older, newer) =>
    mergeRuns(knownOfRuns(older, nowMs), newer);

function mergeSteps(older: NewestOfStep, newer: NewestOfStep): NewestOfStep {
  return {
    ...older,
    seenMs: Math.max(older.seenMs, newer.seenMs),
    completedMs: later(older.completedMs, newer.completedMs),
    failedMs: later(older.failedMs, newer.failedMs),
    last: latest(older.last, newer.last, atOf),
    rows: latest(older.rows, newer.rows, atOf),
    usual: [...older.usual, ...newer.usual].sort(([a], [b]) => a - b).slice(-USUAL_OF - 1),
  };
}

function mergeRuns(older: NewestOfRuns, newer: NewestOfRuns): NewestOfRuns {
  return {
    ...older,
    seenMs: Math.max(older.seenMs, newer.seenMs),
    startedMs: later(older.startedMs, newer.startedMs),
    last: latest(older.last, newer.last, ({ endedMs }) => endedMs),
    completedMs: later(older.completedMs, newer.completedMs),
    failedMs: later(older.failedMs, newer.failedMs),
    shape: latest(older.shape, newer.shape, atOf),
  };
}

const newestRunAt =
  (nowMs: number): Merge<RecentRun> =>
  (older, newer) =>
    newer.atMs >= older.atMs || isToCome(older.atMs, nowMs) ? newer : older;

/** By the time of the first entry of each. */
function mergeRecent(older: Newest['recent'], newer: Newest['recent']): Newest['recent'] {
  const byRun = new Map<string, RecentRun>();
  for (const run of [...older, ...newer]) {
    const before = byRun.get(run.runId);
    if (before === undefined || run.atMs < before.atMs) byRun.set(run.runId, run);
  }
  const inOrder = [...byRun.values()].sort((a, b) => a.atMs - b.atMs);
  const lastOfEach = new Map(inOrder.map((run) => [JSON.stringify([run.job, run.profile]), run]));
  const kept = new Set([...lastOfEach.values(), ...inOrder.slice(-RECENT_MORE)]);
  return inOrder.filter((run) => kept.has(run));
}

function atOf({ atMs }: At<unknown>): number {
  return atMs;
}

function later(older: number | undefined, newer: number | undefined): number | undefined {
  return older === undefined || (newer !== undefined && newer > older) ? newer : older;
}

/** Of two of one time the newer part's counts. */
function latest<T>(
  older: T | undefined,
  newer: T | undefined,
  timeOf: (value: T) => number,
): T | undefined {
  if (older === undefined || newer === undefined) return newer ?? older;
  return timeOf(newer) >= timeOf(older) ? newer : older;
}
