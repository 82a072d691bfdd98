/** What the entries of a store's journal are about, and what they add up to. Pure but for the time it is. */

import { foldRun } from './run-state.ts';
import { mergeBy } from './merge-by.ts';
import { mergeNewest, newestOf } from './newest.ts';
import { currentSummary } from './old-summary.ts';
import { mergeRows, mergeRunning, onlyRunning, rowsOf, runningOf, without } from './runs.ts';
import { mergeSums, sumsOf } from './sums.ts';

import type { Entry, Fact, MetricsEntry, ResultEntry, StoredResult } from '../entries.ts';
import type { Folding, Verdict } from '../journal/folding.ts';
import type { RunState } from './run-state.ts';
import type { Summary } from './summary.ts';

/** The result of a fingerprint, and the append that wrote it; neither once it is dropped. */
export type ResultState = {
  readonly stored?: StoredResult;
  readonly by?: string;
  /** The one that was dropped: runs that had found it before may still go on with it. */
  readonly was?: StoredResult;
};
/** The fingerprint of the newest result of a step. */
export type LatestState = { readonly fingerprint: string };
/** Who counts for those without an exporter. */
export type AdopterState = { readonly exporter?: string };
export type State = ResultState | RunState | LatestState | AdopterState;

export const SUBJECTS = Object.freeze({
  result: (fingerprint: string) => `result ${fingerprint}`,
  run: (runId: string) => `run ${runId}`,
  /** With this every subject of `latest` begins. */
  latestOfAll: 'latest ',
  /** The newest result of a step, of all its partitions or of one. */
  latest: (job: string, profile: string, step: string, partition?: string) =>
    `latest ${JSON.stringify([job, profile, step, ...(partition === undefined ? [] : [partition])])}`,
  job: (job: string) => `job ${job}`,
  adopter: 'adopter',
});

export const STORE_FOLDING: Folding<Entry, State, Summary> = {
  subjectOf: (entry) => {
    if (isOfResult(entry)) return SUBJECTS.result(entry.fingerprint);
    if (!isOfMetrics(entry)) return SUBJECTS.run(entry.runId);
    return entry.type === 'adopter' ? SUBJECTS.adopter : SUBJECTS.job(entry.job);
  },
  apply: (before, { token, entry }) => {
    if (isOfResult(entry)) return foldResult((before ?? {}) as ResultState, entry, token);
    if (!isOfMetrics(entry)) return foldRun(before as RunState | undefined, entry);
    const state = entry.type === 'adopter' ? { exporter: entry.exporter } : {};
    return { state, verdict: { won: true } };
  },
  pointers: ({ entry }) => {
    if (entry.type !== 'result' || entry.stored.step === undefined) return [];
    const { job, profile, partition, id } = entry.stored.step;
    const newest = { fingerprint: entry.fingerprint };
    const ofAll = [SUBJECTS.latest(job, profile, id), newest] as const;
    if (partition === undefined) return [ofAll];
    return [ofAll, [SUBJECTS.latest(job, profile, id, partition), newest]];
  },
  isSummed: (subject) =>
    subject.startsWith(SUBJECTS.run('')) || subject.startsWith(SUBJECTS.job('')),
  summaryOf: ({ states, won }) => {
    const runs = [...states].flatMap(([subject, state]) =>
      isRun(state) ? [[subject.slice(SUBJECTS.run('').length), state] as const] : [],
    );
    const entries = [...won];
    return {
      form: 2,
      runs: rowsOf(runs.map(([, state]) => state)),
      running: runningOf(runs),
      sums: sumsByExporter(entries),
      newest: newestOf(entries, Date.now()),
      ...goneOf(runs.flatMap(([id, { gone }]) => (gone === undefined ? [] : [id]))),
    };
  },
  mergeSummaries: (one, other) => {
    const [older, newer] = [currentSummary(one), currentSummary(other)];
    return {
      form: 2,
      runs: mergeRows(without(older.runs, newer.gone), newer.runs),
      running: mergeRunning(older, newer),
      sums: mergeBy(older.sums, newer.sums, mergeSums),
      newest: mergeNewest(older.newest, newer.newest, Date.now()),
      ...goneOf([...(older.gone ?? []), ...(newer.gone ?? [])]),
    };
  },
  oldestSummary: (summary) => {
    const { gone: _, ...rest } = currentSummary(summary);
    return { ...rest, running: onlyRunning(rest.running) };
  },
};

/** True for facts that count in metrics. */
export function isFact(entry: Entry): entry is Fact {
  const isOne =
    entry.type === 'attempt' ||
    entry.type === 'outcome' ||
    entry.type === 'item' ||
    entry.type === 'run';
  return isOne && entry.aside !== true;
}

/** What each exporter counts of entries. */
export function sumsByExporter(entries: Iterable<Entry>): Summary['sums'] {
  const facts: Record<string, Fact[]> = {};
  for (const entry of entries) {
    if (isFact(entry) && entry.exporter !== undefined) (facts[entry.exporter] ??= []).push(entry);
  }
  return Object.fromEntries(Object.entries(facts).map(([exporter, of]) => [exporter, sumsOf(of)]));
}

function isRun(state: State): state is RunState {
  return 'generation' in state;
}

function isOfMetrics(entry: Entry): entry is MetricsEntry {
  return entry.type === 'forget' || entry.type === 'adopter';
}

function isOfResult(entry: Entry): entry is ResultEntry {
  return entry.type === 'result' || entry.type === 'drop' || entry.type === 'restore';
}

function foldResult(
  state: ResultState,
  entry: ResultEntry,
  token: string,
): { readonly state: ResultState; readonly verdict: Verdict<StoredResult> } {
  if (entry.type === 'drop') {
    return state.by === entry.by && state.stored !== undefined
      ? { state: { was: state.stored }, verdict: { won: true } }
      : { state, verdict: { won: false } };
  }
  if (entry.type === 'restore') {
    return state.stored === undefined && state.was !== undefined
      ? { state: { stored: state.was, by: token }, verdict: { won: true } }
      : { state, verdict: { won: false } };
  }
  return state.stored === undefined
    ? { state: { stored: entry.stored, by: token }, verdict: { won: true } }
    : { state, verdict: { won: false, first: state.stored } };
}

function goneOf(ids: readonly string[]): Pick<Summary, 'gone'> {
  return ids.length === 0 ? {} : { gone: ids };
}
