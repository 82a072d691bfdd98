/** Work that one process at a time does: the others wait for their turn. */

import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { takeLease } from './lease.ts';
import { makeFolder } from './make-folder.ts';
import { describeOwner } from './owner.ts';

import type { Holder, Lease, LeaseTiming, Taken } from './lease.ts';

const POLL_MS = 15;
/** Of a hundred who come and go at once. */
const MOST_TRIES = 100;
const TELL_AFTER_MS = 1000;

export type TurnOptions = {
  readonly onWait?: (who: string) => void;
  readonly timing?: LeaseTiming;
};

/**
 * Does `work` alone among all processes that use this path; its folder is made. `onWait` hears once, after a second,
 * who is waited for. A holder that cannot be seen is waited for until its lease has run out.
 */
export async function withLease<T>(
  path: string,
  work: (lease: Lease) => Promise<T>,
  options: TurnOptions = {},
): Promise<T> {
  const lease = await takeTurn(path, options);
  try {
    return await work(lease);
  } finally {
    lease.release();
  }
}

/** As `withLease`, for work that ends elsewhere: the caller gives the lease back. */
export async function takeTurn(
  path: string,
  { onWait = () => undefined, timing }: TurnOptions = {},
): Promise<Lease> {
  const tellAtMs = Date.now() + TELL_AFTER_MS;
  let told = false;
  for (;;) {
    const taken = await tryOnce(path, timing);
    if (taken.taken) return taken.lease;
    if (!told && Date.now() >= tellAtMs) {
      told = true;
      onWait(nameOf(taken.holder));
    }
    await pause(POLL_MS * (0.5 + Math.random()));
  }
}

/** Its folder may be removed by who leaves it empty. */
async function tryOnce(path: string, timing: LeaseTiming | undefined): Promise<Taken> {
  for (let tries = 1; ; tries += 1) {
    await makeFolder(dirname(path));
    try {
      return await takeLease(path, timing === undefined ? {} : { timing });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || tries === MOST_TRIES) throw error;
    }
  }
}

/** Who holds a lease, for a person. */
export function nameOf({ owner, state }: Holder): string {
  if (state === 'foreign') return 'a process of another user';
  if (owner === undefined) return 'a process';
  return state === 'alive' ? `process ${owner.pid}` : describeOwner(owner);
}
