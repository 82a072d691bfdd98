/** The `deliver` activity: bookkeeping at the end of a run, not a step. Runs on any worker that reaches the targets. */

import { hostname } from 'node:os';

import { Context } from '@temporalio/activity';

import { deliverInto, outOfReach } from '../delivery/deliver.ts';
import { UserError } from '../model/errors.ts';
import { failureOf } from '../model/failure.ts';
import { applicationFailure } from './application-failure.ts';

import type { DeliverInput, DeliverResult } from '../model/step-result.ts';
import type { Store } from '../store/store.ts';

const HEARTBEAT_MS = 5_000;

/**
 * Publishes a run's exports to its targets. Any failure is final and says what stands in the way; but one that does not
 * see a target leaves it to another worker. `outToken` is the lock this process holds for the run it delivers, where that
 * was begun under an earlier lock.
 */
export function makeDeliverActivity(
  store: Store,
  outToken?: number,
): (input: DeliverInput) => Promise<DeliverResult> {
  return async (given) => {
    const input = outToken === undefined ? given : underLock(given, outToken);
    const context = Context.current();
    const beat = setInterval(() => context.heartbeat(), HEARTBEAT_MS);
    try {
      const place = await outOfReach(input.plan.run);
      if (place !== undefined) throw notReached(place);
      return await deliverInto({ input, store });
    } catch (error) {
      throw applicationFailure(failureOf(error, 'DELIVERY_FAILED'), error);
    } finally {
      clearInterval(beat);
    }
  };
}

function underLock(input: DeliverInput, outToken: number): DeliverInput {
  const { plan } = input;
  return { ...input, plan: { ...plan, run: { ...plan.run, outToken } } };
}

function notReached(place: string): UserError {
  return new UserError(
    'TARGET_NOT_REACHED',
    `the worker on ${hostname()} does not see the lock of ${place}: it is another folder there, or another command has taken it over`,
    { hint: 'Start `worker --deliver` only where --out is the same folder under the same path.' },
  );
}
