/** Which backfills on record nobody asks for any more: closed ones of which no run stays. */

import { rm } from 'node:fs/promises';

import { both, diskUse } from '../os/disk-use.ts';
import { openBackfills } from './backfill-records.ts';

import type { DiskUse } from '../os/disk-use.ts';
import type { PruneBounds } from './what-to-prune.ts';

export type PrunedBackfills = DiskUse & { readonly ids: readonly string[] };

/** Those that go. A run on record names its backfill, so `stay` are the ones that runs which stay were made by. */
export async function leftBackfills(
  stateDir: string,
  stay: ReadonlySet<string>,
  { olderThanMs = 0 }: PruneBounds,
): Promise<PrunedBackfills> {
  const backfills = openBackfills(stateDir);
  const gone = (await backfills.list()).filter(
    ({ backfill_id: id, state, finished_at: finishedAt }) =>
      state === 'closed' &&
      !stay.has(id) &&
      finishedAt !== undefined &&
      Date.now() - Date.parse(finishedAt) >= olderThanMs,
  );
  const ids = gone.map(({ backfill_id: id }) => id);
  const uses = await Promise.all(ids.map((id) => diskUse(backfills.folder(id))));
  return { ...uses.reduce(both, { files: 0, bytes: 0, newestMs: 0 }), ids };
}

/** Removes their folders. */
export async function removeBackfills(stateDir: string, ids: readonly string[]): Promise<void> {
  const backfills = openBackfills(stateDir);
  for (const id of ids) await rm(backfills.folder(id), { recursive: true, force: true });
}
