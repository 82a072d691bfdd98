/** How an attempt takes its place of a limit that all runs share, and what is told meanwhile. */

import { takePlace } from '../store/shared-limit.ts';

import type { StepInput } from '../model/step-result.ts';
import type { Leases, StoreLease } from '../store/leases.ts';
import type { Waits } from './waits.ts';

export type Turns = {
  /** Where the time in line is kept. */
  readonly waits: Waits;
  /** Told that it stands in line for a limit, and with undefined that it does no more. */
  readonly onWaiting: (limit: string | undefined) => void;
  /** Told that its place was given to somebody else, since nobody heard of it: it must end. */
  readonly onLost: () => void;
};

/** The place; undefined for a step without a limit. @throws the signal's reason */
export async function placeFor(
  { run }: StepInput,
  leases: Leases,
  signal: AbortSignal,
  { waits, onWaiting, onLost, log }: Partial<Turns> & { readonly log: (line: string) => void },
): Promise<StoreLease | undefined> {
  const { limit } = run;
  if (limit === undefined) return undefined;
  let ended: (() => void) | undefined;
  const onWait = (): void => {
    ended = waits?.begin() ?? (() => undefined);
    log(`waiting for limit ${limit.name} (at most ${limit.most} at once)`);
    onWaiting?.(limit.name);
  };
  try {
    const place = await takePlace(leases, limit, { signal, onWait });
    void place.lost.then(onLost);
    if (ended !== undefined) onWaiting?.(undefined);
    return place;
  } finally {
    ended?.();
  }
}
