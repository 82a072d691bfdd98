/** What pruning removes, or would remove: plain data for a terminal, a page, a program. */

import type { Swept } from '../../store/pruning.ts';
import type { PrunedEngine } from '../../engine/prune-engine.ts';
import type { Leftovers } from '../../activities/sweep-attempts.ts';
import type { DiskUse } from '../../os/disk-use.ts';

export type PruneRow = {
  readonly what:
    | 'runs'
    | 'folders of unknown runs'
    | 'backfills'
    | 'results'
    | 'stored files'
    | 'attempts'
    | 'spilled files'
    | 'engine database';
  readonly count: number;
  readonly bytes: number;
  /** Why it stays, or a part of it. */
  readonly note?: string;
};

export type PruneReport = {
  readonly stateDir: string;
  /** True: it says what would go, or is about to go. */
  readonly ahead: boolean;
  readonly rows: readonly PruneRow[];
  /** Runs that stay on record, and how many of them are needed whatever the bounds say. */
  readonly kept: { readonly runs: number; readonly needed: number };
  /** Bytes of the state folder and of stores on this machine; `after` is an estimate as long as it is ahead. */
  readonly before: number;
  readonly after: number;
};

/** What one store gives. */
export type PrunedStore = {
  readonly runs: number;
  readonly folders: DiskUse;
  readonly results: number;
  readonly swept: Swept;
  readonly kept: PruneReport['kept'];
  /** Ids of backfills of which a run stays. */
  readonly backfills: readonly string[];
};

/** Everything that is counted, in the order in which it is shown; what there is none of is left out. */
export function rowsOf({
  stores,
  orphans,
  backfills,
  leftovers: { attempts, spilled },
  engine,
}: {
  readonly stores: readonly PrunedStore[];
  readonly orphans: DiskUse & { readonly runs: number };
  readonly backfills: DiskUse & { readonly ids: readonly string[] };
  readonly leftovers: Leftovers;
  readonly engine: PrunedEngine;
}): readonly PruneRow[] {
  const sum = (of: (store: PrunedStore) => number): number =>
    stores.reduce((total, store) => total + of(store), 0);
  const waiting = {
    files: sum(({ swept }) => swept.waiting.files),
    bytes: sum(({ swept }) => swept.waiting.bytes),
  };
  const rows: readonly PruneRow[] = [
    {
      what: 'runs',
      count: sum(({ runs }) => runs),
      bytes: sum(({ folders }) => folders.bytes),
    },
    { what: 'folders of unknown runs', count: orphans.runs, bytes: orphans.bytes },
    { what: 'backfills', count: backfills.ids.length, bytes: backfills.bytes },
    { what: 'results', count: sum(({ results }) => results), bytes: 0 },
    {
      what: 'stored files',
      count: sum(({ swept }) => swept.removed.files),
      bytes: sum(({ swept }) => swept.removed.bytes),
      ...(waiting.files === 0
        ? {}
        : { note: `${waiting.files} more wait until the runs that go on have ended` }),
    },
    { what: 'attempts', count: attempts.runs, bytes: attempts.bytes },
    { what: 'spilled files', count: spilled.files, bytes: spilled.bytes },
    engineRow(engine),
  ];
  return rows.filter((row) => row.count > 0 || row.bytes > 0 || row.note !== undefined);
}

function engineRow({ files, bytes, inUseBy }: PrunedEngine): PruneRow {
  const what = 'engine database';
  if (inUseBy === undefined) return { what, count: files === 0 ? 0 : 1, bytes };
  const user = inUseBy === 'a command' ? 'a command' : `the engine (process ${inUseBy})`;
  return { what, count: 0, bytes: 0, note: `${user} uses it; it stays` };
}
