/** Records the end of a run, and makes due in the same act what its hooks tell of it. */

import type { RunRecord } from '../../model/run-record.ts';
import type { Parts } from '../parts.ts';
import type { Tell } from '../project-events.ts';
import type { HookedEnd } from '../hooks-port.ts';

/** The closed record. What was prepared before counts from the moment it is recorded. @throws UserError FENCED */
export async function closeRun(parts: Parts, end: HookedEnd, tell: Tell): Promise<RunRecord> {
  const { plan, summary, hooks } = end;
  const endIsRecorded = await (await parts.hooks(tell, hooks.length > 0)).prepare(end);
  const record = await (await parts.records()).close(plan.run.id, summary);
  await endIsRecorded?.();
  return record;
}
