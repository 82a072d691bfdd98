/** The `deliver` activity: bookkeeping at the end of a run, not a step. Runs on any worker that reaches the targets. */

import { hostname } from 'node:os';

import { ApplicationFailure, Context } from '@temporalio/activity';

import { deliverInto, outOfReach } from '../delivery/deliver.ts';
import { UserError } from '../model/errors.ts';

import type { DeliverInput, DeliverResult } from '../model/step-result.ts';
import type { Store } from '../store/store.ts';

const HEARTBEAT_MS = 5_000;

/**
 * Publishes a run's exports to its targets. Any failure is final and says what stands in the way; but one that does not
 * see a target leaves it to another worker.
 */
export function makeDeliverActivity(store: Store): (input: DeliverInput) => Promise<DeliverResult> {
  return async (input) => {
    const context = Context.current();
    const beat = setInterval(() => context.heartbeat(), HEARTBEAT_MS);
    try {
      const place = await outOfReach(input.plan.run);
      if (place !== undefined) throw notReached(place);
      return await deliverInto({ input, store });
    } catch (error) {
      if (error instanceof ApplicationFailure) throw error;
      throw ApplicationFailure.create({
        message: error instanceof Error ? error.message : String(error),
        type: error instanceof UserError ? error.code : 'DELIVERY_FAILED',
        nonRetryable: true,
        ...(error instanceof Error ? { cause: error } : {}),
      });
    } finally {
      clearInterval(beat);
    }
  };
}

function notReached(place: string): ApplicationFailure {
  return ApplicationFailure.create({
    message: `the worker on ${hostname()} does not see the lock of ${place}: it is another folder there, or another command has taken it over`,
    type: 'TARGET_NOT_REACHED',
    nonRetryable: false,
  });
}
