/**
 * What the facts that one exporter counted add up to: sums of its counters, and the newest value of each gauge. Pure.
 *
 * The sums of two parts of a journal merge into those of both, so no fact is read again once it is in a sum.
 */

import { isFailure, isSuccess } from '../../model/outcome.ts';

import type { Fact } from '../entries.ts';

/** For each bucket that holds any: its index, how many observations, their sum in seconds. */
export type Filled = readonly (readonly [bucket: number, count: number, sumS: number])[];

export type StepCounters = {
  readonly job: string;
  readonly profile: string;
  readonly step: string;
  readonly statuses: Readonly<Record<string, number>>;
  readonly checks: Readonly<Record<string, number>>;
  readonly attempts: Readonly<Record<string, number>>;
  readonly durations: Filled;
  readonly completedMs?: number;
  readonly failedMs?: number;
  /** The newest attempt, and the newest of those that could be measured. */
  readonly lastAttemptMs?: number;
  readonly lastDuration?: { readonly atMs: number; readonly durationMs: number };
  /** By direction: in, out, rejected. */
  readonly rows: Readonly<Record<string, { readonly atMs: number; readonly count: number }>>;
};

export type RunCounters = {
  readonly job: string;
  readonly profile: string;
  readonly statuses: Readonly<Record<string, number>>;
  readonly durations: Filled;
  readonly startedMs?: number;
  readonly last?: { readonly endedMs: number; readonly durationMs: number };
  readonly completedMs?: number;
  readonly failedMs?: number;
};

export type Counters = {
  /** By job, profile and step. */
  readonly steps: Readonly<Record<string, StepCounters>>;
  /** By job and profile. */
  readonly runs: Readonly<Record<string, RunCounters>>;
  /** The last runs with a fact, oldest first. */
  readonly recent: readonly {
    readonly runId: string;
    readonly job: string;
    readonly profile: string;
    readonly atMs: number;
  }[];
};

/** Upper bounds in seconds, doubled from the first: those of the histograms made from these sums. */
export const DURATION_BOUNDS = Object.freeze({
  step: doubling(0.05, 20),
  run: doubling(1, 17),
});

/** Runs that are remembered by name. */
const RECENT_KEPT = 20;

export const NO_COUNTERS: Counters = Object.freeze({ steps: {}, runs: {}, recent: [] });

/** The sums of facts, in their order. */
export function countersOf(facts: readonly Fact[]): Counters {
  const steps: Record<string, StepCounters> = {};
  const runs: Record<string, RunCounters> = {};
  for (const fact of facts) {
    if (fact.type === 'run') add(runs, ofRun(fact), mergeRuns);
    else add(steps, ofStep(fact), mergeSteps);
  }
  const recent = facts.map(({ runId, job, profile, atMs }) => ({ runId, job, profile, atMs }));
  return { steps, runs, recent: mergeRecent([], recent) };
}

/** The sums of an older and a newer part. */
export function mergeCounters(older: Counters, newer: Counters): Counters {
  return {
    steps: mergeBy(older.steps, newer.steps, mergeSteps),
    runs: mergeBy(older.runs, newer.runs, mergeRuns),
    recent: mergeRecent(older.recent, newer.recent),
  };
}

type StepFact = Extract<Fact, { type: 'outcome' | 'attempt' }>;

function ofStep(fact: StepFact): StepCounters {
  const { job, profile } = fact;
  const none = { statuses: {}, checks: {}, attempts: {}, durations: [], rows: {} };
  if (fact.type === 'outcome') {
    const { step, status, endedAtMs, failedChecks = [] } = fact.outcome;
    return {
      ...none,
      job,
      profile,
      step,
      statuses: { [status]: 1 },
      checks: Object.fromEntries(failedChecks.map((check) => [check, 1])),
      ...(isSuccess(status) ? { completedMs: endedAtMs } : {}),
      ...(isFailure(status) ? { failedMs: endedAtMs } : {}),
    };
  }
  const { step, result, durationMs, observed, atMs, rowsIn, rowsOut, rowsRejected } = fact;
  return {
    ...none,
    job,
    profile,
    step,
    attempts: { [result]: 1 },
    durations: observed ? filled(DURATION_BOUNDS.step, durationMs / 1000) : [],
    lastAttemptMs: atMs,
    // Where the server ended an attempt, nobody measured it.
    ...(durationMs > 0 ? { lastDuration: { atMs, durationMs } } : {}),
    rows: rowsOf({ in: rowsIn, out: rowsOut, rejected: rowsRejected }, atMs),
  };
}

function ofRun(fact: Extract<Fact, { type: 'run' }>): RunCounters {
  const { job, profile, status, startedAtMs, durationMs } = fact;
  const endedMs = startedAtMs + durationMs;
  return {
    job,
    profile,
    statuses: { [status]: 1 },
    durations: isSuccess(status) ? filled(DURATION_BOUNDS.run, durationMs / 1000) : [],
    startedMs: startedAtMs,
    last: { endedMs, durationMs },
    ...(isSuccess(status) ? { completedMs: endedMs } : {}),
    ...(isFailure(status) ? { failedMs: endedMs } : {}),
  };
}

function mergeSteps(older: StepCounters, newer: StepCounters): StepCounters {
  return {
    ...older,
    statuses: sum(older.statuses, newer.statuses),
    checks: sum(older.checks, newer.checks),
    attempts: sum(older.attempts, newer.attempts),
    durations: mergeFilled(older.durations, newer.durations),
    completedMs: greatest(older.completedMs, newer.completedMs),
    failedMs: greatest(older.failedMs, newer.failedMs),
    lastAttemptMs: greatest(older.lastAttemptMs, newer.lastAttemptMs),
    lastDuration: newest(older.lastDuration, newer.lastDuration, ({ atMs }) => atMs),
    rows: mergeBy(older.rows, newer.rows, (a, b) => (b.atMs >= a.atMs ? b : a)),
  };
}

function mergeRuns(older: RunCounters, newer: RunCounters): RunCounters {
  return {
    ...older,
    statuses: sum(older.statuses, newer.statuses),
    durations: mergeFilled(older.durations, newer.durations),
    startedMs: greatest(older.startedMs, newer.startedMs),
    last: newest(older.last, newer.last, ({ endedMs }) => endedMs),
    completedMs: greatest(older.completedMs, newer.completedMs),
    failedMs: greatest(older.failedMs, newer.failedMs),
  };
}

/** By the time of the first fact of each. */
function mergeRecent(older: Counters['recent'], newer: Counters['recent']): Counters['recent'] {
  const byRun = new Map<string, Counters['recent'][number]>();
  for (const run of [...older, ...newer]) {
    const before = byRun.get(run.runId);
    if (before === undefined || run.atMs < before.atMs) byRun.set(run.runId, run);
  }
  return [...byRun.values()].sort((a, b) => a.atMs - b.atMs).slice(-RECENT_KEPT);
}

/** Index of the bucket a value falls into; beyond the last bound is one more. */
function filled(bounds: readonly number[], valueS: number): Filled {
  const found = bounds.findIndex((bound) => valueS <= bound);
  return [[found < 0 ? bounds.length : found, 1, valueS]];
}

function mergeFilled(older: Filled, newer: Filled): Filled {
  if (newer.length === 0) return older;
  const buckets = new Map(older.map(([bucket, count, sumS]) => [bucket, [count, sumS] as const]));
  for (const [bucket, count, sumS] of newer) {
    const [n, s] = buckets.get(bucket) ?? [0, 0];
    buckets.set(bucket, [n + count, s + sumS]);
  }
  return [...buckets].map(([bucket, [count, sumS]]) => [bucket, count, sumS]);
}

function sum(
  older: Readonly<Record<string, number>>,
  newer: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  return mergeBy(older, newer, (a, b) => a + b);
}

function greatest(older: number | undefined, newer: number | undefined): number | undefined {
  return older === undefined || (newer !== undefined && newer > older) ? newer : older;
}

/** Of two of one time the newer part's counts. */
function newest<T>(
  older: T | undefined,
  newer: T | undefined,
  timeOf: (value: T) => number,
): T | undefined {
  if (older === undefined || newer === undefined) return newer ?? older;
  return timeOf(newer) >= timeOf(older) ? newer : older;
}

function rowsOf(
  counts: Readonly<Record<string, number | undefined>>,
  atMs: number,
): StepCounters['rows'] {
  const rows: Record<string, { atMs: number; count: number }> = {};
  for (const [direction, count] of Object.entries(counts)) {
    if (count !== undefined) rows[direction] = { atMs, count };
  }
  return rows;
}

function mergeBy<T>(
  older: Readonly<Record<string, T>>,
  newer: Readonly<Record<string, T>>,
  merge: (older: T, newer: T) => T,
): Readonly<Record<string, T>> {
  const all: Record<string, T> = { ...older };
  for (const [key, value] of Object.entries(newer)) {
    const before = Object.hasOwn(all, key) ? all[key] : undefined;
    all[key] = before === undefined ? value : merge(before, value);
  }
  return all;
}

type Placed = { readonly job: string; readonly profile: string; readonly step?: string };

function add<T extends Placed>(
  all: Record<string, T>,
  counters: T,
  merge: (older: T, newer: T) => T,
): void {
  const key = JSON.stringify([counters.job, counters.profile, counters.step]);
  const before = all[key];
  all[key] = before === undefined ? counters : merge(before, counters);
}

function doubling(first: number, count: number): readonly number[] {
  return Object.freeze(Array.from({ length: count }, (_, k) => first * 2 ** k));
}
