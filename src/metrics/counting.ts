/** Counting a fact exactly once: append it to the journal, and only who won it there records it. Never throws. */

import { isFact } from '../store/folds/folding.ts';

import type { RunEntry } from '../store/entries.ts';
import type { RunJournal } from '../store/store.ts';
import type { Telemetry } from './telemetry.ts';

export type Counting = {
  /**
   * Appends what happened, in order. Resolves when it is in the journal and what this process won is recorded.
   * Never rejects.
   */
  add(entries: readonly RunEntry[]): Promise<void>;
  /** Resolves when everything added so far is recorded: call it before the last scrape. */
  settled(): Promise<void>;
};

/** What counts, and under which name; absent where the exporter is off: then it is only written down. */
export type Counter = {
  readonly telemetry: Telemetry;
  /** This process's exporter, written into each fact. */
  readonly exporter: string;
};

/** Appends to `store`, and records in `counter` what was not there yet. */
export function makeCounting({
  store,
  counter,
}: {
  readonly store: Pick<RunJournal, 'append'>;
  readonly counter?: Counter;
}): Counting {
  const open = new Set<Promise<void>>();

  async function appendAndRecord(entries: readonly RunEntry[]): Promise<void> {
    let isMine = entries.map(() => true);
    try {
      isMine = (await store.append(entries)).map(({ won }) => won);
    } catch {
      // Nobody else can have counted it, and a store that fails is when the numbers matter most.
      counter?.telemetry.metricsError('claim');
    }
    for (const [i, entry] of entries.entries()) {
      if (isMine[i] === true && isFact(entry)) counter?.telemetry.record(entry);
    }
  }

  return {
    add(entries) {
      const exporter = counter === undefined ? {} : { exporter: counter.exporter };
      const mine = entries.map((entry) => (isFact(entry) ? { ...entry, ...exporter } : entry));
      const counted = appendAndRecord(mine).finally(() => open.delete(counted));
      open.add(counted);
      return counted;
    },
    async settled() {
      while (open.size > 0) await Promise.all(open);
    },
  };
}
