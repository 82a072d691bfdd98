/** One process serves a state folder: two would make runs of the same schedules, and tell each of them of the other's. */

import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { UserError } from '../../model/errors.ts';
import { takeLease } from '../../os/lease.ts';
import { nameOf } from '../../os/lease-turn.ts';

import type { Lease } from '../../os/lease.ts';
import type { Tell } from '../project-events.ts';

const LOOK_EVERY_MS = 500;

/**
 * The right to serve; undefined when `stop` came first. One who cannot be seen from here (a container that is gone)
 * is waited for until its hold has run out.
 * @throws UserError ALREADY_SERVED
 */
export async function takeServing(
  stateDir: string,
  { stop, tell }: { readonly stop: AbortSignal; readonly tell: Tell },
): Promise<Lease | undefined> {
  let isTold = false;
  while (!stop.aborted) {
    const taken = await takeLease(join(stateDir, 'serving'));
    if (taken.taken) return taken.lease;
    const { holder } = taken;
    if (holder.state !== 'unknown') {
      throw new UserError('ALREADY_SERVED', `${nameOf(holder)} serves ${stateDir} already`, {
        hint: 'Let it do that, or end it first. `builder_cli schedule list` shows what it has to do.',
      });
    }
    if (!isTold) {
      isTold = true;
      const text = `Waiting for ${nameOf(holder)}, which served here and cannot be seen, for at most a minute.`;
      tell({ type: 'said', text });
    }
    await pause(LOOK_EVERY_MS, undefined, { signal: stop }).catch(() => undefined);
  }
  return undefined;
}
