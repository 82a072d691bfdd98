/**
 * Runs whose command leaves once they are begun: the workers of a service go on with them, and one that delivers records
 * and tells how they ended.
 */

import { lockOut, readOwner } from '../../delivery/folder/out-lock.ts';
import { UserError } from '../../model/errors.ts';
import { closeRun } from './close-run.ts';

import type { RunRecord } from '../../model/run-record.ts';
import type { EndInput } from '../../model/run-summary.ts';
import type { RunControl } from '../control.ts';
import type { Parts } from '../parts.ts';
import type { Tell } from '../project-events.ts';
import type { HookedEnd } from '../hooks-port.ts';

/** Only the workers of a service go on without the process that began a run. @throws UserError BAD_USAGE */
export async function refuseDetached(parts: Parts, { detach = false }: RunControl): Promise<void> {
  if (!detach || !(await parts.isEmbedded())) return;
  throw new UserError('BAD_USAGE', 'a run can be left to workers only with a Temporal service', {
    hint: 'Give --temporal-address host:port (or TEMPORAL_ADDRESS), and start workers with `builder_cli worker --deliver`.',
  });
}

/** The record of an end: made by the command that waits for it, or found where a worker has made it. */
export async function recordEnd(parts: Parts, end: HookedEnd, tell: Tell): Promise<RunRecord> {
  const { id, generation, detached } = end.plan.run;
  if (detached === undefined) return closeRun(parts, end, tell);
  const record = await (await parts.records()).read(id);
  const isClosed = record?.state === 'closed' && record.generation === generation;
  // Terminated from outside, it came to no record.
  return isClosed ? record : closeRun(parts, end, tell);
}

/** What a worker does at the end of a run that nobody waits for. Done again it does what is left of it. */
export async function recordDetached(
  parts: Parts,
  { plan, summary, endedAtMs, elapsedMs }: EndInput,
  tell: Tell,
): Promise<void> {
  const { id: runId, generation, detached } = plan.run;
  const record = await (await parts.records()).read(runId);
  // Pruned, or gone on with by a command, which records it.
  if (record === undefined || record.generation !== generation) return;
  const end = { plan, summary, hooks: detached?.hooks ?? [], endedAtMs, elapsedMs };
  if (record.state === 'closed') {
    // By a try that did not come to its end: whether it came to telling it, only its worker knows.
    const isRecorded = await (await parts.hooks(tell, end.hooks.length > 0)).prepare(end);
    await isRecorded?.();
  } else {
    try {
      await closeRun(parts, end, tell);
    } catch (error) {
      if (error instanceof UserError && error.code === 'FENCED') return;
      throw error;
    }
  }
  if (summary.delivery !== undefined) await giveBack(plan.run, record.state_dir);
}

/** What was delivered needs its name beside `--out` no more. Another command may have taken it over. */
async function giveBack(
  { id: runId, out, outToken }: EndInput['plan']['run'],
  stateDir = '',
): Promise<void> {
  if (out === undefined) return;
  const owner = await readOwner(out);
  if (owner?.runId !== runId || owner.token !== outToken) return;
  const lock = await lockOut(out, { runId, stateDir: owner.stateDir ?? stateDir }).catch(
    (error: unknown) => {
      if (error instanceof UserError) return undefined;
      throw error;
    },
  );
  await lock?.unlock({ keep: false });
}
