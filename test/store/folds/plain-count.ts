/** What has to be counted of a list of entries, by the plainest rules: an entry counts if nothing before it in the list speaks against it. */

import { isFact } from '../../../src/store/folds/folding.ts';

import type { Sums as StoredSums } from '../../../src/store/folds/sums.ts';
import type { Fact, RunEntry } from '../../../src/store/entries.ts';

/** Counts by what is counted, such as `run OK` or `outcome clean FAIL`. */
export type Sums = Readonly<Record<string, number>>;

const GOOD_STEP: ReadonlySet<string> = new Set(['OK', 'WARN', 'CACHED']);
const GOOD_RUN: ReadonlySet<string> = new Set(['OK', 'WARN']);

export type PlainCount = {
  /** Whether it counts. */
  add(entry: RunEntry): boolean;
  sums(exporter: string): Sums;
  sumsOfFacts(facts: readonly Fact[]): Sums;
};

/** An empty list. */
export function makePlainCount(): PlainCount {
  const list: RunEntry[] = [];
  const counted: Fact[] = [];

  const counts = (entry: RunEntry): boolean => {
    const before = list.filter(({ runId }) => runId === entry.runId);
    const newest = Math.max(0, ...before.map(({ generation }) => generation));
    if (entry.generation < newest) return false;
    const valid = before.filter(({ generation }, i) =>
      before.slice(0, i).every((earlier) => earlier.generation <= generation),
    );
    const mine = valid.filter(({ generation }) => generation === entry.generation);
    if (mine.some(({ type }) => type === 'run' || type === 'closed')) return false;
    switch (entry.type) {
      case 'attempt':
        return !mine.some(
          (other) =>
            other.type === 'attempt' &&
            other.step === entry.step &&
            other.item === entry.item &&
            other.attempt === entry.attempt,
        );
      case 'outcome': {
        const { step, status } = entry.outcome;
        const isGood = GOOD_STEP.has(status);
        // A success is kept by later starts, a failure is one of its start.
        const rivals = isGood ? counted.filter(({ runId }) => runId === entry.runId) : mine;
        return !rivals.some(
          (other) =>
            other.type === 'outcome' &&
            other.outcome.step === step &&
            GOOD_STEP.has(other.outcome.status) === isGood,
        );
      }
      case 'item': {
        const isGood = GOOD_STEP.has(entry.status);
        const rivals = isGood ? counted.filter(({ runId }) => runId === entry.runId) : mine;
        return !rivals.some(
          (other) =>
            other.type === 'item' &&
            other.step === entry.step &&
            other.item === entry.item &&
            GOOD_STEP.has(other.status) === isGood,
        );
      }
      case 'run': {
        // That it ended well was counted before, or was the last word of a command that had no time to count.
        const isDone = (other: RunEntry): boolean =>
          (other.type === 'closed' || (other.type === 'run' && counted.includes(other))) &&
          GOOD_RUN.has(other.status);
        return !(GOOD_RUN.has(entry.status) && valid.some(isDone));
      }
      default:
        return true;
    }
  };

  const sumsOfFacts = (facts: readonly Fact[]): Sums => {
    const sums: Record<string, number> = {};
    for (const fact of facts) {
      const name = nameOf(fact);
      sums[name] = (sums[name] ?? 0) + 1;
    }
    return sums;
  };

  return {
    add: (entry) => {
      const does = counts(entry);
      list.push(entry);
      if (does && isFact(entry)) {
        counted.push(entry);
      }
      return does;
    },
    sums: (exporter) => sumsOfFacts(counted.filter((fact) => fact.exporter === exporter)),
    sumsOfFacts,
  };
}

function nameOf(fact: Fact): string {
  switch (fact.type) {
    case 'attempt':
      return `attempt ${fact.step} ${fact.result}`;
    case 'outcome':
      return `outcome ${fact.outcome.step} ${fact.outcome.status}`;
    case 'item':
      return `item ${fact.step} ${fact.status}`;
    case 'run':
      return `run ${fact.status}`;
  }
}

/** The same names for what the journal adds up for an exporter. */
export function namedSums({ steps, runs }: StoredSums): Sums {
  const sums: Record<string, number> = {};
  for (const { step, statuses, attempts, items = {} } of Object.values(steps)) {
    for (const [status, n] of Object.entries(items)) sums[`item ${step} ${status}`] = n;
    for (const [status, n] of Object.entries(statuses)) sums[`outcome ${step} ${status}`] = n;
    for (const [result, n] of Object.entries(attempts)) sums[`attempt ${step} ${result}`] = n;
  }
  for (const { statuses } of Object.values(runs)) {
    for (const [status, n] of Object.entries(statuses)) sums[`run ${status}`] = n;
  }
  return sums;
}
