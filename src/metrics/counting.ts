/** Writes down what happened under the name of the exporter that counts it. Never throws. */

import { isFact } from '../store/folds/folding.ts';

import type { RunEntry } from '../store/entries.ts';
import type { RunJournal } from '../store/store.ts';
import type { Telemetry } from './telemetry.ts';

export type Counting = {
  /** Appends what happened, in order. Resolves when it is in the journal, and so counted. Never rejects. */
  add(entries: readonly RunEntry[]): Promise<void>;
  /** Resolves when everything added so far is: call it before the last scrape. */
  settled(): Promise<void>;
};

/** What counts, and under which name; absent where the exporter is off: then the store's adopter counts, if any. */
export type Counter = {
  readonly telemetry: Pick<Telemetry, 'record' | 'metricsError'>;
  /** This process's exporter, written into each fact. */
  readonly exporter: string;
};

/** Appends to `store`. What that does not take is recorded in `counter`. */
export function makeCounting({
  store,
  counter,
}: {
  readonly store: Pick<RunJournal, 'append'>;
  readonly counter?: Counter;
}): Counting {
  const open = new Set<Promise<void>>();

  async function append(entries: readonly RunEntry[]): Promise<void> {
    // Each by itself, still in one write: a disk that is full takes some of them, and those are counted there.
    const appended = await Promise.allSettled(entries.map((entry) => store.append([entry])));
    const lost = entries.filter((_, i) => appended[i]?.status === 'rejected');
    if (counter === undefined || lost.length === 0) return;
    // Nobody else can have counted it, and a store that fails is when the numbers matter most.
    counter.telemetry.metricsError('claim');
    for (const entry of lost) if (isFact(entry)) counter.telemetry.record(entry);
  }

  return {
    add(entries) {
      const exporter = counter === undefined ? {} : { exporter: counter.exporter };
      const mine = entries.map((entry) => (isFact(entry) ? { ...entry, ...exporter } : entry));
      const counted = append(mine).finally(() => open.delete(counted));
      open.add(counted);
      return counted;
    },
    async settled() {
      while (open.size > 0) await Promise.all(open);
    },
  };
}
