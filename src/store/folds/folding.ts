/** What the entries of a store's journal are about, and what they add up to. Pure. */

import { foldRun } from './run-state.ts';
import { countersOf, mergeCounters, NO_COUNTERS } from './counters.ts';

import type { Entry, Fact, ResultEntry, StoredResult } from '../entries.ts';
import type { Folding, Verdict } from '../journal/folding.ts';
import type { Counters } from './counters.ts';
import type { RunState } from './run-state.ts';

/** The result of a fingerprint, and the append that wrote it; neither once it is dropped. */
export type ResultState = { readonly stored?: StoredResult; readonly by?: string };
/** The fingerprint of the newest result of a step. */
export type LatestState = { readonly fingerprint: string };
export type State = ResultState | RunState | LatestState;

/** A run in lists. */
export type RunRow = {
  readonly id: string;
  readonly startedAt: string;
  readonly open: boolean;
  readonly out?: string;
  /** State folder, where that is not the one the store lies in. */
  readonly stateDir?: string;
};

export type Summary = {
  readonly runs: readonly RunRow[];
  /** By exporter. */
  readonly counters: Readonly<Record<string, Counters>>;
};

export const SUBJECTS = Object.freeze({
  result: (fingerprint: string) => `result ${fingerprint}`,
  run: (runId: string) => `run ${runId}`,
  /** The newest result of a step, of all its partitions or of one. */
  latest: (job: string, profile: string, step: string, partition?: string) =>
    `latest ${JSON.stringify([job, profile, step, ...(partition === undefined ? [] : [partition])])}`,
});

export const STORE_FOLDING: Folding<Entry, State, Summary> = {
  subjectOf: (entry) =>
    isOfResult(entry) ? SUBJECTS.result(entry.fingerprint) : SUBJECTS.run(entry.runId),
  apply: (state, { token, entry }) =>
    isOfResult(entry)
      ? foldResult((state ?? {}) as ResultState, entry, token)
      : foldRun(state as RunState | undefined, entry),
  pointers: ({ entry }) => {
    if (entry.type !== 'result' || entry.stored.step === undefined) return [];
    const { job, profile, partition, id } = entry.stored.step;
    const newest = { fingerprint: entry.fingerprint };
    const ofAll = [SUBJECTS.latest(job, profile, id), newest] as const;
    if (partition === undefined) return [ofAll];
    return [ofAll, [SUBJECTS.latest(job, profile, id, partition), newest]];
  },
  isSummed: (subject) => subject.startsWith(SUBJECTS.run('')),
  summaryOf: ({ states, won }) => ({
    runs: [...states].flatMap(([, state]) => rowOf(state)).sort(byStart),
    counters: countAll(won),
  }),
  mergeSummaries: (older, newer) => ({
    runs: mergeRows(older.runs, newer.runs),
    counters: mergeExporters(older.counters, newer.counters),
  }),
};

/** True for facts that count in metrics. */
export function isFact(entry: Entry): entry is Fact {
  return entry.type === 'attempt' || entry.type === 'outcome' || entry.type === 'run';
}

function isOfResult(entry: Entry): entry is ResultEntry {
  return entry.type === 'result' || entry.type === 'drop';
}

function foldResult(
  state: ResultState,
  entry: ResultEntry,
  token: string,
): { readonly state: ResultState; readonly verdict: Verdict<StoredResult> } {
  if (entry.type === 'drop') {
    return state.by === entry.by
      ? { state: {}, verdict: { won: true } }
      : { state, verdict: { won: false } };
  }
  return state.stored === undefined
    ? { state: { stored: entry.stored, by: token }, verdict: { won: true } }
    : { state, verdict: { won: false, first: state.stored } };
}

function rowOf(state: State): readonly RunRow[] {
  if (!('generation' in state) || state.record === undefined) return [];
  const { run_id, started_at, out, state_dir: stateDir } = state.record;
  return [
    {
      id: run_id,
      startedAt: started_at,
      open: state.record.state === 'open',
      ...(out === undefined ? {} : { out }),
      ...(stateDir === undefined ? {} : { stateDir }),
    },
  ];
}

function byStart(a: RunRow, b: RunRow): number {
  if (a.startedAt !== b.startedAt) return a.startedAt < b.startedAt ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}

/** Both are sorted; of one run the newer row counts. */
function mergeRows(older: readonly RunRow[], newer: readonly RunRow[]): readonly RunRow[] {
  if (newer.length === 0) return older;
  const renewed = new Set(newer.map(({ id }) => id));
  const rows = older.filter(({ id }) => !renewed.has(id));
  const isBehind = rows.length === 0 || byStart(rows.at(-1)!, newer[0]!) < 0;
  return isBehind ? [...rows, ...newer] : [...rows, ...newer].sort(byStart);
}

function countAll(won: Iterable<Entry>): Summary['counters'] {
  const facts: Record<string, Fact[]> = {};
  for (const entry of won) {
    if (isFact(entry) && entry.exporter !== undefined) (facts[entry.exporter] ??= []).push(entry);
  }
  return Object.fromEntries(
    Object.entries(facts).map(([exporter, of]) => [exporter, countersOf(of)]),
  );
}

function mergeExporters(
  older: Summary['counters'],
  newer: Summary['counters'],
): Summary['counters'] {
  const all: Record<string, Counters> = { ...older };
  for (const [exporter, counters] of Object.entries(newer)) {
    all[exporter] = mergeCounters(all[exporter] ?? NO_COUNTERS, counters);
  }
  return all;
}
