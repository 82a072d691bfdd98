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
  /** How many appends go on, and who waits until none does. */
  let open = 0;
  let waiting: (() => void)[] = [];

  function lose(lost: readonly RunEntry[]): void {
    if (counter === undefined || lost.length === 0) return;
    // Nobody else can have counted it, and a store that fails is when the numbers matter most.
    counter.telemetry.metricsError('claim');
    for (const entry of lost) if (isFact(entry)) counter.telemetry.record(entry);
  }

  function close(lost: readonly RunEntry[]): void {
    lose(lost);
    open -= 1;
    if (open > 0) return;
    for (const wake of waiting) wake();
    waiting = [];
  }

  /** It stands on the path of each step, most often with one entry: as few promises as can be. */
  function append(entries: readonly RunEntry[]): Promise<void> {
    if (entries.length === 1)
      return store.append(entries).then(
        () => close([]),
        () => close(entries),
      );
    const lost: RunEntry[] = [];
    // Each by itself, still in one write: a disk that is full takes some of them, and those are counted there.
    const appends = entries.map((entry) =>
      store.append([entry]).then(undefined, () => void lost.push(entry)),
    );
    return Promise.all(appends).then(() => close(lost));
  }

  return {
    add(entries) {
      open += 1;
      return append(
        entries.map((entry) =>
          counter !== undefined && isFact(entry) ? { ...entry, exporter: counter.exporter } : entry,
        ),
      );
    },
    async settled() {
      if (open > 0) await new Promise<void>((resolve) => waiting.push(resolve));
    },
  };
}
