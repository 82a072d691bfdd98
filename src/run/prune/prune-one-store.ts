/** Prunes one store: what of it may go is decided, and then done in steps that each stand by themselves. */

import { inspectOut } from '../../delivery/deliver.ts';
import { readOwner } from '../../delivery/folder/out-lock.ts';
import { both } from '../../os/disk-use.ts';
import { driverState } from '../../store/run-records.ts';
import { isAtHome } from '../../store/state-id.ts';
import { goesOn, goingOnIn } from './going-on.ts';
import { decidePrune } from './what-to-prune.ts';

import type { RunRecord } from '../../model/run-record.ts';
import type { DiskUse } from '../../os/disk-use.ts';
import type { RunFolders } from '../../store/run-folders.ts';
import type { StorePruning, Survey } from '../../store/pruning.ts';
import type { PrunedStore } from './prune-report.ts';
import type { PruneBounds, PruneDecision } from './what-to-prune.ts';

export type StoreToPrune = {
  readonly bounds: PruneBounds;
  /** Of the records, how they name the state folder: not at all in its own store. */
  readonly stateDir: string | undefined;
  /** Its word, which tells it apart from one of the same path elsewhere. */
  readonly stateId: string | undefined;
  readonly folders: RunFolders;
  readonly sizes: ReadonlyMap<string, DiskUse>;
  readonly otherBytes: number;
  /** Told of every run of the survey. */
  readonly onRun: (record: RunRecord, goesOn: boolean) => void;
};

/** What would go. */
export async function lookAtStore(
  pruning: StorePruning,
  about: StoreToPrune,
): Promise<PrunedStore> {
  const survey = await pruning.survey();
  for (const run of survey.runs) about.onRun(run.record, await goesOn(run));
  const { runs, results, needed } = await decide(survey, about);
  const swept = await pruning.sweep({
    goingOn: goingOnIn,
    pretend: new Set(results.map(({ fingerprint }) => fingerprint)),
  });
  const ids = runs.map(({ record }) => record.run_id);
  return {
    runs: runs.length,
    folders: sizeOf([...ids, ...leftFolders(survey, about)], about.sizes),
    results: results.length,
    swept,
    kept: { runs: ourRuns(survey, about) - runs.length, needed },
    backfills: backfillsOf(survey, new Set(ids)),
  };
}

/** Does it; what has changed since it was looked at is decided anew. */
export async function pruneStore(pruning: StorePruning, about: StoreToPrune): Promise<PrunedStore> {
  const survey = await pruning.survey();
  const { runs, results, needed } = await decide(survey, about);
  const forgotten = await pruning.forgetRuns(
    runs.map(({ record }) => ({ record, silent: isSilent(record) })),
  );
  const folders = [...forgotten, ...leftFolders(survey, about)];
  for (const runId of folders) await about.folders.remove(runId);
  const dropped = await pruning.dropResults(results);
  // Read again: a run may have found one of them before it was dropped, and be over by now.
  await pruning.restoreResults(missing(await pruning.survey(), forgotten));
  const swept = await pruning.sweep({
    goingOn: goingOnIn,
    isForgotten: ({ runId, stateDir }) => stateDir === about.stateDir && !about.folders.has(runId),
  });
  return {
    runs: forgotten.size,
    folders: sizeOf(folders, about.sizes),
    results: dropped,
    swept,
    kept: { runs: ourRuns(survey, about) - forgotten.size, needed },
    backfills: backfillsOf(survey, forgotten),
  };
}

async function decide(survey: Survey, about: StoreToPrune): Promise<PruneDecision> {
  const { bounds, sizes, otherBytes } = about;
  const there = await outsThatAreThere(survey);
  return decidePrune({
    survey,
    bounds,
    nowMs: Date.now(),
    isOurs: (record) => isHome(record, about),
    isThere: (out) => there.has(out),
    bytesOfRun: (runId) => sizes.get(runId)?.bytes ?? 0,
    otherBytes,
  });
}

/** A delivery lies there, or beside it the name of a run that is to fill it. */
async function outsThatAreThere({ runs }: Survey): Promise<ReadonlySet<string>> {
  const there = new Set<string>();
  for (const out of new Set(runs.flatMap(({ record }) => record.out ?? []))) {
    const isOurs = await inspectOut(out).then(
      ({ state }) => state === 'ours',
      // Where it cannot be seen it may be there.
      () => true,
    );
    if (isOurs || (await readOwner(out).catch(() => undefined)) !== undefined) there.add(out);
  }
  return there;
}

/** True if nobody is left who could still say something of the run: its only process is dead. */
function isSilent(record: RunRecord): boolean {
  return (
    record.generation === 1 && record.engine?.kind !== 'service' && driverState(record) === 'dead'
  );
}

/** Folders of runs that were taken off the record by a prune that was cut off. */
function leftFolders({ gone }: Survey, { stateDir, sizes }: StoreToPrune): readonly string[] {
  return gone.flatMap((run) =>
    run.stateDir === stateDir && sizes.has(run.runId) ? [run.runId] : [],
  );
}

/** Results of runs that stay, which were dropped while such a run went on with them. */
function missing(survey: Survey, forgotten: ReadonlySet<string>): readonly string[] {
  const found = new Set(survey.results.map(({ fingerprint }) => fingerprint));
  const used = survey.runs.flatMap(({ record, uses = [] }) =>
    forgotten.has(record.run_id) ? [] : uses,
  );
  return [...new Set(used)].filter((fingerprint) => !found.has(fingerprint));
}

/** Which backfills and batches made runs that stay. */
function backfillsOf({ runs }: Survey, gone: ReadonlySet<string>): readonly string[] {
  return runs.flatMap(({ record: { run_id: runId, ordered_by: order } }) =>
    order !== undefined && order.by !== 'schedule' && !gone.has(runId) ? [order.id] : [],
  );
}

function ourRuns({ runs }: Survey, about: StoreToPrune): number {
  return runs.filter(({ record }) => isHome(record, about)).length;
}

function isHome({ state_dir: dir, state_id: id }: RunRecord, { stateDir, stateId }: StoreToPrune) {
  return isAtHome({ dir, id }, { dir: stateDir, id: stateId });
}

function sizeOf(runIds: readonly string[], sizes: ReadonlyMap<string, DiskUse>): DiskUse {
  return runIds
    .flatMap((runId) => sizes.get(runId) ?? [])
    .reduce(both, { files: 0, bytes: 0, newestMs: 0 });
}
