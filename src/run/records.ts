/** The records of a state folder with the store they are in; records of version 0.1 are taken over on the way. */

import { hasOldRuns, importOldRuns } from '../store/import/old-runs.ts';
import { lookIntoStore, openStore } from '../store/open-store.ts';
import { openRunRecords } from '../store/run-records.ts';
import { checkStateDir } from './definitions/state-dir.ts';
import { noteStore, ownStore, storesOf } from '../store/store-places.ts';

import type { RunRow } from '../store/folds/runs.ts';
import type { RunRecord } from '../model/run-record.ts';
import type { RunRecords } from '../store/run-records.ts';
import type { Store } from '../store/store.ts';

export type Recorded = {
  /** Absolute path of the store, or the address of its bucket. */
  readonly root: string;
  readonly store: Store;
  readonly records: RunRecords;
};

/** Opens store and records for a run that is to be started or gone on with. @throws UserError STATE_DIR_UNUSABLE */
export async function openRecords(
  stateDir: string,
  root: string = ownStore(stateDir),
): Promise<Recorded> {
  const store = await openStore({ root, stateDir });
  if (hasOldRuns(stateDir)) await importOldRuns(stateDir, { store, root });
  await noteStore(stateDir, root);
  return { root, store, records: recordsIn(stateDir, root, store) };
}

/** Every store in which runs of a state folder may be on record, to look at. Makes nothing. @throws UserError STATE_DIR_UNUSABLE */
export async function lookAtRecords(
  stateDir: string,
  given?: string,
): Promise<readonly Recorded[]> {
  checkStateDir(stateDir);
  if (hasOldRuns(stateDir)) (await openRecords(stateDir, given)).store.close();
  const roots = await storesOf(stateDir, given);
  const looked = await Promise.all(
    roots.map(async (root): Promise<Recorded[]> => {
      const store = await lookIntoStore({ root, stateDir });
      return store === undefined
        ? []
        : [{ root, store, records: recordsIn(stateDir, root, store) }];
    }),
  );
  return looked.flat();
}

/** The runs of a state folder over all its stores, newest first, each with the store it is in. */
export async function listRuns(
  recorded: readonly Recorded[],
  options: { readonly limit?: number; readonly where?: (row: RunRow) => boolean } = {},
): Promise<readonly { readonly record: RunRecord; readonly in: Recorded }[]> {
  const lists = await Promise.all(
    recorded.map(async (one) =>
      (await one.records.list(options)).map((record) => ({ record, in: one })),
    ),
  );
  const all = lists.flat();
  if (lists.length > 1) {
    all.sort((a, b) => b.record.started_at.localeCompare(a.record.started_at));
  }
  return all.slice(0, options.limit ?? all.length);
}

function recordsIn(stateDir: string, root: string, store: Store): RunRecords {
  return openRunRecords(stateDir, store, { shared: root !== ownStore(stateDir) });
}
