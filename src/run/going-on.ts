/** Which recorded runs go on now, in whatever process: those may use what nobody else needs any more. */

import { readOwner } from '../delivery/folder/out-lock.ts';
import { driverState } from '../store/run-records.ts';

import type { RunRecord } from '../model/run-record.ts';
import type { Survey } from '../store/pruning.ts';

/** A run that is recorded elsewhere, and of which no end was heard, counts as going on for so long. */
const HEARD_MS = 7 * 24 * 3600 * 1000;

/**
 * True if a process may be working for the run. With the embedded engine that is its driver alone; with a service its
 * workers go on without it. A driver that cannot be seen from here holds `--out` as long as it lives.
 */
export async function goesOn(record: RunRecord, nowMs: number = Date.now()): Promise<boolean> {
  if (record.state === 'closed') return false;
  if (record.engine?.kind === 'service') return true;
  const state = driverState(record);
  if (state !== 'unknown' || record.out === undefined) return state !== 'dead';
  const owner = await readOwner(record.out).catch(() => undefined);
  // A run that is open leaves its name there: without any, it is a place that this process does not see.
  if (owner === undefined) return nowMs - Date.parse(record.started_at) < HEARD_MS;
  return owner?.runId === record.run_id && !owner.isFree;
}

/** Names of all that goes on: a run that is started again has another one. */
export async function goingOnIn(
  { runs, heard }: Pick<Survey, 'runs' | 'heard'>,
  nowMs: number = Date.now(),
): Promise<readonly string[]> {
  const names: string[] = [];
  for (const { record } of runs) {
    if (await goesOn(record, nowMs)) names.push(`${record.run_id} ${record.generation}`);
  }
  for (const { runId, heardMs } of heard) if (nowMs - heardMs < HEARD_MS) names.push(runId);
  return names;
}
