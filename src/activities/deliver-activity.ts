/** The `deliver` activity: bookkeeping at the end of a run, not a step. */

import { Context } from '@temporalio/activity';

import { deliverInto } from '../delivery/deliver.ts';
import { failureOf } from '../model/failure.ts';
import { applicationFailure } from './application-failure.ts';

import type { DeliverInput, DeliverResult } from '../model/step-result.ts';
import type { Store } from '../store/store.ts';

const HEARTBEAT_MS = 5_000;

/**
 * Puts a run's exports into `--out`; any failure is final and says what stands in the way. `outToken` is the lock this
 * process holds for the run it delivers, where that was begun under an earlier lock.
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
