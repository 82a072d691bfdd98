/** Which recorded runs go on now, in whatever process: those may use what nobody else needs any more. */

import { readOwner } from '../../delivery/folder/out-lock.ts';
import { ownOwner } from '../../os/owner.ts';
import { driverState } from '../../store/run-records.ts';
import { isHeard } from './what-to-prune.ts';

import type { Survey, SurveyedRun } from '../../store/pruning.ts';

/**
 * True if a process may be working for the run. With the embedded engine that is its driver alone; with a service its
 * workers go on without it, and tell what they do. A driver that cannot be seen from here holds `--out` as long as it
 * lives.
 */
export async function goesOn(
  { record, heardMs = Date.parse(record.started_at) }: Pick<SurveyedRun, 'record' | 'heardMs'>,
  nowMs: number = Date.now(),
): Promise<boolean> {
  if (record.state === 'closed') return false;
  const state = driverState(record);
  const isService = record.engine?.kind === 'service';
  if (state === 'alive' || (isService && isHeard(heardMs, nowMs))) return true;
  if (state === 'dead') return false;
  const owner =
    record.out === undefined ? undefined : await readOwner(record.out).catch(() => undefined);
  if (owner?.runId === record.run_id && !owner.isFree) return true;
  // A run that is open leaves its name there: without any, it is a place that this process does not see. On another
  // machine the same path is another place.
  if (owner === undefined || !isOfThisMachine(record)) return isHeard(heardMs, nowMs);
  return false;
}

/** True also where it is not told. */
function isOfThisMachine({ pid_place: place }: SurveyedRun['record']): boolean {
  if (place === undefined) return true;
  const { host, boot } = ownOwner();
  return boot === 'unknown' ? place.host === host : place.boot === boot;
}

/** Names of all that goes on: a run that is started again has another one. */
export async function goingOnIn(
  { runs, heard }: Pick<Survey, 'runs' | 'heard'>,
  nowMs: number = Date.now(),
): Promise<readonly string[]> {
  const names: string[] = [];
  for (const run of runs) {
    const { run_id: runId, generation } = run.record;
    if (await goesOn(run, nowMs)) names.push(`${runId} ${generation}`);
  }
  for (const { runId, heardMs } of heard) if (isHeard(heardMs, nowMs)) names.push(runId);
  return names;
}
