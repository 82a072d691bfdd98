/**
 * What the facts that one exporter counts add up to. Pure.
 *
 * The sums of two parts of a journal merge into those of both, so no fact is read again once it is in a sum.
 */

import { isSuccess } from '../../model/outcome.ts';
import { DURATION_BOUNDS, filled, mergeFilled } from './filled.ts';
import { addTo, mergeBy } from './merge-by.ts';

import type { Fact } from '../entries.ts';
import type { Filled } from './filled.ts';

type Counts = Readonly<Record<string, number>>;

export type StepSums = {
  readonly job: string;
  readonly profile: string;
  readonly step: string;
  readonly statuses: Counts;
  /** Attempts by how they ended. */
  readonly attempts: Counts;
  /** Items by how they ended; absent where no item did, and in what an earlier version wrote. */
  readonly items?: Counts;
  /** Checks that found something. */
  readonly failedChecks: number;
  readonly durations: Filled;
};

export type RunSums = {
  readonly job: string;
  readonly profile: string;
  readonly statuses: Counts;
  readonly durations: Filled;
};

export type Sums = {
  /** By job, profile and step. */
  readonly steps: Readonly<Record<string, StepSums>>;
  /** By job and profile. */
  readonly runs: Readonly<Record<string, RunSums>>;
};

export const NO_SUMS: Sums = Object.freeze({ steps: {}, runs: {} });

/** The sums of facts. */
export function sumsOf(facts: Iterable<Fact>): Sums {
  const steps: Record<string, StepSums> = {};
  const runs: Record<string, RunSums> = {};
  for (const fact of facts) {
    if (fact.type === 'run') addTo(runs, ofRun(fact), mergeRuns);
    else addTo(steps, ofStep(fact), mergeSteps);
  }
  return { steps, runs };
}

/** The sums of two parts. */
export function mergeSums(older: Sums, newer: Sums): Sums {
  return {
    steps: mergeBy(older.steps, newer.steps, mergeSteps),
    runs: mergeBy(older.runs, newer.runs, mergeRuns),
  };
}

function ofStep(fact: Exclude<Fact, { type: 'run' }>): StepSums {
  const { job, profile } = fact;
  const none = { job, profile, statuses: {}, attempts: {}, failedChecks: 0, durations: [] };
  if (fact.type === 'outcome') {
    const { step, status, failedChecks = [] } = fact.outcome;
    return { ...none, step, statuses: { [status]: 1 }, failedChecks: failedChecks.length };
  }
  if (fact.type === 'item') return { ...none, step: fact.step, items: { [fact.status]: 1 } };
  const { step, result, durationMs, observed } = fact;
  const durations = observed ? filled(DURATION_BOUNDS.step, durationMs / 1000) : [];
  return { ...none, step, attempts: { [result]: 1 }, durations };
}

function ofRun({ job, profile, status, durationMs }: Extract<Fact, { type: 'run' }>): RunSums {
  const durations = isSuccess(status) ? filled(DURATION_BOUNDS.run, durationMs / 1000) : [];
  return { job, profile, statuses: { [status]: 1 }, durations };
}

function mergeSteps(older: StepSums, newer: StepSums): StepSums {
  return {
    ...older,
    statuses: add(older.statuses, newer.statuses),
    attempts: add(older.attempts, newer.attempts),
    ...itemsOf(older, newer),
    failedChecks: older.failedChecks + newer.failedChecks,
    durations: mergeFilled(older.durations, newer.durations),
  };
}

function itemsOf(older: StepSums, newer: StepSums): Pick<StepSums, 'items'> {
  if (older.items === undefined && newer.items === undefined) return {};
  return { items: add(older.items ?? {}, newer.items ?? {}) };
}

function mergeRuns(older: RunSums, newer: RunSums): RunSums {
  return {
    ...older,
    statuses: add(older.statuses, newer.statuses),
    durations: mergeFilled(older.durations, newer.durations),
  };
}

function add(older: Counts, newer: Counts): Counts {
  return mergeBy(older, newer, (a, b) => a + b);
}
