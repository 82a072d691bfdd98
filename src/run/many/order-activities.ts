/** What makes ordered runs, as Temporal activities: an attempt joins the run that goes on here, heartbeats, and passes a cancel on. */

import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';

import { labelOf } from '../../model/standing-order.ts';
import { makeGoingOn } from '../../activities/going-on.ts';
import { nextPartitions, noteMade } from './many-pages.ts';
import { makeRun, NotNow } from './make-run.ts';

import type { RunMade, RunOrder } from '../../model/standing-order.ts';
import type { OrderActivities } from '../../workflows/order-activities.ts';
import type { Parts } from '../parts.ts';
import type { Tell } from '../project-events.ts';

export type MakingRuns = {
  readonly activities: OrderActivities;
  /** Leaves every run open for the next process, and waits until each is left. */
  leave(): Promise<void>;
  /** Runs that go on. */
  count(): number;
};

/** Why a run is ended by this process. */
type Why = 'cancelled' | 'left';

const HEARTBEAT_EVERY_MS = 3_000;
/** A failure that nobody foresaw is tried so often. */
const TRIES = 3;

/** The activities of one process. `tell` hears of every run. */
export function makeOrderActivities(parts: Parts, tell: Tell): MakingRuns {
  const goingOn = makeGoingOn<RunMade, Why>();
  return {
    activities: {
      makeRun: async (given) => {
        const context = Context.current();
        const beat = setInterval(() => context.heartbeat(), HEARTBEAT_EVERY_MS);
        try {
          const isLastTry = context.info.attempt >= TRIES;
          const work = await goingOn.join(given.runId, (own) =>
            workOf(parts, given, tell, isLastTry, own),
          );
          const givenUp = new Promise<never>((_, reject) => {
            listen(context.cancellationSignal, () => {
              if (context.cancellationDetails?.cancelRequested === true) {
                work.stop('cancelled');
                return;
              }
              // The server has given this attempt up: the next one joins what goes on.
              work.leave('left');
              reject(new NotNow('not heard of'));
            });
          });
          const made = await Promise.race([work.result, givenUp]);
          if (given.order.by !== 'schedule') await noteMade(parts, given, made);
          const label = labelOf(given.order, given.partition);
          tell({ type: 'order_made', orderId: given.order.id, label, made });
          return made;
        } catch (error) {
          throw asFailure(error, context.cancellationDetails?.cancelRequested === true);
        } finally {
          clearInterval(beat);
        }
      },
      nextPartitions: (input) => nextPartitions(parts, input),
    },
    leave: () => goingOn.end('left'),
    count: () => goingOn.count(),
  };
}

function workOf(
  parts: Parts,
  given: RunOrder,
  tell: Tell,
  isLastTry: boolean,
  own: { readonly signal: AbortSignal; readonly stoppedFor: () => Why | undefined },
): Promise<RunMade> {
  const cancel = new AbortController();
  const suspend = new AbortController();
  listen(own.signal, () => (own.stoppedFor() === 'cancelled' ? cancel : suspend).abort());
  const stops = { cancel: cancel.signal, suspend: suspend.signal };
  const control = { tell, ...stops, linger: 0, beside: given.beside, heartbeats: true };
  return makeRun(parts, given, control, isLastTry);
}

function listen(signal: AbortSignal, listener: () => void): void {
  if (signal.aborted) listener();
  else signal.addEventListener('abort', listener, { once: true });
}

/** Whatever kept a run from its end is tried again, unless somebody cancelled it: then nobody waits for it any more. */
function asFailure(error: unknown, isCancelled: boolean): Error {
  const message = error instanceof Error ? error.message : String(error);
  if (isCancelled) return new CancelledFailure(message);
  return ApplicationFailure.create({
    message,
    type: error instanceof NotNow ? 'NOT_NOW' : 'RUN_BROKEN',
    ...(error instanceof NotNow ? { category: 'BENIGN' } : {}),
    cause: error instanceof Error ? error : undefined,
  });
}
