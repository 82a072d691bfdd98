/**
 * What one exporter knows of its store: the sums it counts, the newest of every job, and what runs. Read on at each
 * look, so it costs what is new.
 */

import { NOTHING_NEWEST, mergeNewest, newestOf } from '../store/folds/newest.ts';
import { NO_SUMS, mergeSums } from '../store/folds/sums.ts';
import { sumsByExporter } from '../store/folds/folding.ts';

import type { Newest } from '../store/folds/newest.ts';
import type { RunningStep, Running } from '../store/folds/runs.ts';
import type { Sums } from '../store/folds/sums.ts';
import type { Cursor } from '../store/journal/reading.ts';
import type { RunJournal } from '../store/store.ts';

export type Known = {
  readonly sums: Sums;
  readonly newest: Newest;
  readonly running: readonly RunningStep[];
};

export type StoreView = {
  /** Reads on, and answers what is known then. @throws as the store does */
  refresh(): Promise<Known>;
  /** What the last look found. */
  known(): Known;
};

/** The view of the exporter of this name. Nothing is read yet. */
export function openStoreView(
  store: Pick<RunJournal, 'changes'>,
  exporter: string,
  now: () => number = Date.now,
): StoreView {
  let cursor: Cursor | undefined;
  let sums = NO_SUMS;
  let newest = NOTHING_NEWEST;
  let running: Running = {};
  const known = (): Known => ({ sums, newest, running: Object.values(running).flat() });

  const readOn = async (): Promise<void> => {
    const changes = await store.changes(cursor);
    if ('all' in changes) {
      sums = changes.all.sums[exporter] ?? NO_SUMS;
      ({ newest, running } = changes.all);
    } else if (changes.more.length > 0) {
      sums = mergeSums(sums, sumsByExporter(changes.more)[exporter] ?? NO_SUMS);
      newest = mergeNewest(newest, newestOf(changes.more, now()), now());
      running = stillRunning({ ...running, ...changes.running });
    }
    ({ cursor } = changes);
  };

  // One after the other: two looks from one cursor would count what is new twice. Whoever comes while one is going on
  // shares the next, however many come: a store that does not answer is not asked the more for that.
  let going: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const begin = (): Promise<void> => {
    next = undefined;
    const mine = readOn().finally(() => {
      if (going === mine) going = undefined;
    });
    going = mine;
    return mine;
  };

  return {
    known,
    refresh: async () => {
      next ??= going?.then(begin, begin);
      await (next ?? begin());
      return known();
    },
  };
}

function stillRunning(running: Running): Running {
  return Object.fromEntries(Object.entries(running).filter(([, steps]) => steps.length > 0));
}
