/** Does for a run that is over what its process did not come to, because it was ended between the run's last word and its own. */

import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { fenceLeftovers } from '../../activities/fence.ts';
import { recoverDelivery } from '../../delivery/deliver.ts';
import { shapeOf } from '../../model/run-shape.ts';
import { lockOut, readOwner } from '../../delivery/folder/out-lock.ts';

import type { Plan } from '../../model/plan.ts';
import type { Parts } from '../parts.ts';
import type { Tell } from '../project-events.ts';

/** Makes its delivery whole, gives its lock back, drops its attempts, and writes its counts to the metrics file. */
export async function tidyUp(parts: Parts, plan: Plan, tell: Tell): Promise<void> {
  const { stateDir, metrics } = parts.options;
  const { id: runId, out } = plan.run;
  if (out !== undefined) await giveBack(out, { runId, stateDir });
  const attempts = join(stateDir, 'attempts');
  await fenceLeftovers(attempts);
  await rm(join(attempts, runId), { recursive: true, force: true });
  if (metrics?.file === undefined) return;
  // It holds what the store has counted, and is written when it is closed. That the run is over is told either way.
  const file = await parts.metrics(tell).catch(() => undefined);
  file?.show(shapeOf(plan));
}

async function giveBack(
  out: string,
  about: { readonly runId: string; readonly stateDir: string },
): Promise<void> {
  const owner = await readOwner(out);
  if (owner === undefined) await recoverDelivery(out);
  if (owner?.runId !== about.runId) return;
  const lock = await lockOut(out, about).catch(() => undefined);
  if (lock === undefined) return;
  try {
    await recoverDelivery(out);
  } finally {
    await lock.unlock({ keep: false });
  }
}
