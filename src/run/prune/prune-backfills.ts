/** Which backfills and batches on record nobody asks for any more: closed ones of which no run stays. */

import { rm } from 'node:fs/promises';

import { both, diskUse } from '../../os/disk-use.ts';
import { idOf, openBackfills, openBatches } from '../many/many-records.ts';

import type { DiskUse } from '../../os/disk-use.ts';
import type { PruneBounds } from './what-to-prune.ts';

export type PrunedBackfills = DiskUse & {
  readonly ids: readonly string[];
  readonly folders: readonly string[];
};

/** Those that go. A run on record names its backfill, so `stay` are the ones that runs which stay were made by. */
export async function leftBackfills(
  stateDir: string,
  stay: ReadonlySet<string>,
  { olderThanMs = 0 }: PruneBounds,
): Promise<PrunedBackfills> {
  const ids: string[] = [];
  const folders: string[] = [];
  for (const records of [openBackfills(stateDir), openBatches(stateDir)]) {
    for (const record of await records.list()) {
      const { state, finished_at: finishedAt } = record;
      const isLeft =
        state === 'closed' &&
        !stay.has(idOf(record)) &&
        finishedAt !== undefined &&
        Date.now() - Date.parse(finishedAt) >= olderThanMs;
      if (!isLeft) continue;
      ids.push(idOf(record));
      folders.push(records.folder(idOf(record)));
    }
  }
  const uses = await Promise.all(folders.map((folder) => diskUse(folder)));
  return { ...uses.reduce(both, { files: 0, bytes: 0, newestMs: 0 }), ids, folders };
}

/** Removes their folders. */
export async function removeBackfills({
  folders,
}: Pick<PrunedBackfills, 'folders'>): Promise<void> {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
}
