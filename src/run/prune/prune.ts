/**
 * Empties the state folder of what nobody needs: records and logs of runs, results and their bytes, leftovers of dead
 * processes, the embedded engine's database.
 *
 * 1. What will go is told before anything does.
 * 2. First goes what needs no room to be removed, so that it helps on a full disk.
 * 3. A run is off the record before its folder goes, a result before its bytes: killed anywhere, nothing is read of
 *    what is half gone, and the next time goes on.
 */

import { join } from 'node:path';

import { fenceLeftovers } from '../../activities/fence.ts';
import { sweepAttempts } from '../../activities/sweep-attempts.ts';
import { pruneEngine } from '../../engine/prune-engine.ts';
import { both, diskUse } from '../../os/disk-use.ts';
import { runFolders } from '../../store/run-folders.ts';
import { isElsewhere, lookIntoStore, storeFolder } from '../../store/open-store.ts';
import { readStateId } from '../../store/state-id.ts';

import { ownStore, storesOf } from '../../store/store-places.ts';
import { leftBackfills, removeBackfills } from './prune-backfills.ts';
import { lookAtStore, pruneStore } from './prune-one-store.ts';
import { rowsOf } from './prune-report.ts';
import { lookAtRecords, openRecords } from '../records.ts';
import { checkStateDir } from '../definitions/state-dir.ts';

import type { DiskUse } from '../../os/disk-use.ts';
import type { Store } from '../../store/store.ts';
import type { Parts } from '../parts.ts';
import type { Tell } from '../project-events.ts';
import type { PrunedBackfills } from './prune-backfills.ts';
import type { StoreToPrune } from './prune-one-store.ts';
import type { PrunedStore, PruneReport } from './prune-report.ts';
import type { PruneBounds } from './what-to-prune.ts';

export type PruneRequest = PruneBounds & {
  /** Only to see what would go. */
  readonly dryRun?: boolean;
  /** Told before anything is removed. */
  readonly onPlan?: (plan: PruneReport) => void;
};

/** A folder of a run that no store knows goes only when it is old: a run that begins has one before it is on record. */
const ORPHAN_KEPT_MS = 24 * 3600 * 1000;

type Place = { readonly store: Store; readonly root: string | undefined };

/** Removes, or with `dryRun` only answers what it would. @throws UserError */
export async function prune(
  parts: Parts,
  { dryRun = false, onPlan = () => undefined, ...bounds }: PruneRequest,
  tell: Tell,
): Promise<PruneReport> {
  const { stateDir } = parts.options;
  checkStateDir(stateDir);
  const attemptsRoot = join(stateDir, 'attempts');
  const folders = runFolders(stateDir);
  const onWait = (who: string): void => tell({ type: 'said', text: `Waiting for ${who}.` });
  const places = await placesOf(parts, dryRun);
  try {
    const sizes = await folders.list();
    const before = await totalUse(stateDir, places);
    const known = new Set<string>();
    /** Start of each run that is over; undefined of one that goes on. Of all: a worker has attempts of others' runs. */
    const starts = new Map<string, number | undefined>();
    const stateId = await readStateId(stateDir);
    const about: Omit<StoreToPrune, 'stateDir' | 'stateId'> = {
      ...{ bounds, folders, sizes },
      otherBytes: await otherBytes(stateDir, sizes),
      onRun: ({ run_id, generation, state_dir = stateDir }, goes) => {
        if (state_dir === stateDir) known.add(run_id);
        starts.set(run_id, goes ? undefined : generation);
      },
    };
    const inAll = async (
      work: (place: Place, about: StoreToPrune) => Promise<PrunedStore>,
    ): Promise<readonly PrunedStore[]> => {
      const all: PrunedStore[] = [];
      for (const place of places) {
        all.push(await work(place, { ...about, stateId, stateDir: nameIn(place, stateDir) }));
      }
      return all;
    };
    const others = async (look: boolean) => {
      const engine = await pruneEngine(stateDir, { look, onWait });
      if (!look) await fenceLeftovers(attemptsRoot);
      const overUntil = (runId: string): number | undefined | 'unknown' =>
        starts.has(runId) ? starts.get(runId) : 'unknown';
      return { engine, leftovers: await sweepAttempts(attemptsRoot, { overUntil, look }) };
    };

    const looked = await inAll(({ store }, one) =>
      store.prune((pruning) => lookAtStore(pruning, one), { look: true }),
    );
    const orphans = await orphansOf(parts, sizes, { known, bounds });
    const backfills = await backfillsOf(parts, looked, bounds);
    const plan = reportOf(stateDir, before, {
      ...(await others(true)),
      ...{ stores: looked, orphans, backfills, places },
    });
    onPlan(plan);
    if (dryRun) return plan;

    const rest = await others(false);
    for (const runId of orphans.ids) await folders.remove(runId);
    const stores = await inAll(({ store }, one) =>
      store.prune((pruning) => pruneStore(pruning, one), { onWait }),
    );
    const left = await backfillsOf(parts, stores, bounds);
    await removeBackfills(left);
    const after = await totalUse(stateDir, places);
    const done = reportOf(stateDir, before, {
      ...{ ...rest, stores, orphans, backfills: left, places },
    });
    return { ...done, ahead: false, after };
  } finally {
    for (const { store, root } of places) if (root !== undefined) store.close();
  }
}

/** The stores that hold runs of the state folder; none where there is no state. */
async function placesOf(parts: Parts, look: boolean): Promise<readonly Place[]> {
  const { store, stateDir } = parts.options;
  if (typeof store === 'object') return [{ store, root: undefined }];
  const given = await storesOf(stateDir, store);
  if (look) return lookAtRecords(stateDir, store);
  const there = await areThere(given, stateDir);
  return Promise.all(given.filter((_, i) => there[i]).map((root) => openRecords(stateDir, root)));
}

/** Which of these places hold a store. */
function areThere(roots: readonly string[], stateDir: string): Promise<readonly boolean[]> {
  return Promise.all(
    roots.map(async (root) => {
      const store = await lookIntoStore({ root, stateDir });
      store?.close();
      return store !== undefined;
    }),
  );
}

/** How records in a store name the state folder: not at all in its own. */
function nameIn({ root }: Place, stateDir: string): string | undefined {
  return root === ownStore(stateDir) ? undefined : stateDir;
}

type Orphans = DiskUse & { readonly runs: number; readonly ids: readonly string[] };

/** Folders of runs that no store knows. Where a store cannot be seen, nobody can tell. */
async function orphansOf(
  parts: Parts,
  sizes: ReadonlyMap<string, DiskUse>,
  about: { readonly known: ReadonlySet<string>; readonly bounds: PruneBounds },
): Promise<Orphans> {
  const none = { files: 0, bytes: 0, newestMs: 0 };
  if (!(await seesAll(parts))) return { ...none, runs: 0, ids: [] };
  const keptMs = Math.max(ORPHAN_KEPT_MS, about.bounds.olderThanMs ?? 0);
  const found = [...sizes].filter(
    ([runId, { newestMs }]) => !about.known.has(runId) && Date.now() - newestMs > keptMs,
  );
  const sum = found.map(([, size]) => size).reduce(both, none);
  return { ...sum, runs: found.length, ids: found.map(([runId]) => runId) };
}

/** Backfills of which no run stays on record. */
async function backfillsOf(
  parts: Parts,
  stores: readonly PrunedStore[],
  bounds: PruneBounds,
): Promise<PrunedBackfills> {
  if (!(await seesAll(parts))) return { files: 0, bytes: 0, newestMs: 0, ids: [], folders: [] };
  const stay = new Set(stores.flatMap((one) => one.backfills));
  return leftBackfills(parts.options.stateDir, stay, bounds);
}

/** True if every store is there that holds runs of the state folder. */
async function seesAll({ options: { stateDir, store } }: Parts): Promise<boolean> {
  const roots = store === undefined ? await storesOf(stateDir) : [];
  const there = await areThere(roots, stateDir);
  return roots.length > 0 && there.every(Boolean);
}

async function totalUse(stateDir: string, places: readonly Place[]): Promise<number> {
  const roots = places.flatMap(({ root }) =>
    root === undefined ? [] : [storeFolder({ root, stateDir })],
  );
  const outside = roots.filter((root) => !root.startsWith(join(stateDir, '/')));
  const uses = await Promise.all([stateDir, ...outside].map(diskUse));
  return uses.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** What neither a store nor a run accounts for, without what goes anyway, and copies, which have their own bound. */
async function otherBytes(stateDir: string, sizes: ReadonlyMap<string, DiskUse>): Promise<number> {
  const gone = ['attempts', 'store', 'store-cache', 'engine'].map((name) => join(stateDir, name));
  const uses = await Promise.all([stateDir, ...gone].map(diskUse));
  const [all = 0, ...parts] = uses.map(({ bytes }) => bytes);
  const runs = [...sizes.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  return all - runs - parts.reduce((sum, bytes) => sum + bytes, 0);
}

function reportOf(
  stateDir: string,
  before: number,
  counted: Parameters<typeof rowsOf>[0] & { readonly places: readonly Place[] },
): PruneReport {
  const rows = rowsOf(counted);
  const kept = counted.stores.reduce(
    (sum, store) => ({
      runs: sum.runs + store.kept.runs,
      needed: sum.needed + store.kept.needed,
    }),
    { runs: 0, needed: 0 },
  );
  // What goes from a bucket frees nothing here.
  const elsewhere = counted.stores.filter((_, i) => isElsewhere(counted.places[i]?.root ?? ''));
  const after =
    before -
    rows.reduce((sum, { bytes }) => sum + bytes, 0) +
    elsewhere.reduce((sum, { swept }) => sum + swept.removed.bytes, 0);
  return { stateDir, ahead: true, rows, kept, before, after };
}
