/**
 * Takes the records that version 0.1 left in a state folder (`runs/<id>/run.json`) into the journal. Once.
 *
 * 1. A record that is in the journal stays as it is there, so an import that was cut off is made again.
 * 2. What cannot be read is no record: it stands in nobody's way.
 */

import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { knowsItsStores, noteStore, ownStore } from '../store-places.ts';

import type { RunRecord } from '../../model/run-record.ts';
import type { RunEntry } from '../entries.ts';
import type { RunJournal } from '../store.ts';

/** Records that are appended at once. */
const AT_ONCE = 50;

/** True if records of 0.1 may lie in the folder: it has runs, but knows no store that they are in. Costs two looks. */
export function hasOldRuns(stateDir: string): boolean {
  return !knowsItsStores(stateDir) && existsSync(join(stateDir, 'runs'));
}

/** Imports them into the store at `root`; the folder knows of it afterwards. */
export async function importOldRuns(
  stateDir: string,
  { store, root }: { readonly store: Pick<RunJournal, 'append'>; readonly root: string },
): Promise<void> {
  const place = root === ownStore(stateDir) ? {} : { state_dir: stateDir };
  const runs = join(stateDir, 'runs');
  let batch: RunEntry[] = [];
  for (const id of await readdir(runs)) {
    const record = await readOld(join(runs, id, 'run.json'), id);
    if (record !== undefined) batch.push(entryOf({ ...record, ...place }));
    if (batch.length < AT_ONCE) continue;
    await store.append(batch);
    batch = [];
  }
  await store.append(batch, { sync: true });
  await noteStore(stateDir, root);
}

function entryOf(record: RunRecord): RunEntry {
  const { run_id: runId, generation, job, profile, started_at } = record;
  return {
    runId,
    generation,
    job,
    profile,
    atMs: Date.parse(started_at),
    type: 'start',
    record,
  };
}

async function readOld(path: string, id: string): Promise<RunRecord | undefined> {
  try {
    const record = JSON.parse(await readFile(path, 'utf8')) as Partial<RunRecord>;
    const isWhole =
      record.run_id === id &&
      Array.isArray(record.steps) &&
      Number.isInteger(record.generation) &&
      (record.state === 'open' || record.state === 'closed') &&
      !Number.isNaN(Date.parse(String(record.started_at)));
    return isWhole ? (record as RunRecord) : undefined;
  } catch {
    return undefined;
  }
}
