/** One work that attempts wait for: begun or joined, with heartbeats and a time limit, its failures as they travel. */

import { CancelledFailure, Context } from '@temporalio/activity';

import { endingOf, failureOfAttempt } from '../model/endings.ts';
import { makeAwakeClock } from './awake-clock.ts';
import { applicationFailure } from './application-failure.ts';
import { stopwatch } from './run-step.ts';
import { makeWaits } from './waits.ts';

import type { GoingOn } from './going-on.ts';
import type { Stopping } from './stopping.ts';
import type { Waits } from './waits.ts';
import type { Interruption } from '../model/endings.ts';
import type { StepInput } from '../model/step-result.ts';

/** The work of steps in one worker, apart from the attempts that wait for it. */
export type StepWork = GoingOn<unknown, Interruption>;

export type Waiting = {
  readonly heartbeatEveryMs: number;
  readonly stopping: Stopping;
  readonly goingOn: StepWork;
};

/** How work and its limit tell each other. */
export type Pace = {
  readonly onProgress: () => void;
  /** Time in which it could not work: it counts for no limit. */
  readonly waits: Waits;
  /** It must end: somebody else has its place. */
  readonly onLost: () => void;
};

export type Work<T> = {
  readonly run: Pick<StepInput['run'], 'id' | 'generation'>;
  /** Tells it from all other work of its run. */
  readonly name: string;
  /** How soon its worker is missed; 0: never. */
  readonly heartbeatMs: number;
  /** Absent: as long as it takes. */
  readonly limitMs?: number;
  /** The limit counts from the last progress. */
  readonly isLimitFromProgress?: boolean;
  readonly log: string;
  work(signal: AbortSignal, pace: Pace): Promise<T>;
};

/** Begins the work, or joins it where it goes on, and waits for its end as long as the server waits for this attempt. */
export async function waitForWork<T>(
  about: Work<T>,
  { heartbeatEveryMs, stopping, goingOn }: Waiting,
): Promise<T> {
  const { run, heartbeatMs } = about;
  const context = Context.current();
  const elapsedMs = stopwatch();
  const told = stopping.join(run);
  const beat = setInterval(
    () => context.heartbeat(),
    heartbeatMs > 0 ? Math.min(heartbeatEveryMs, Math.max(100, heartbeatMs / 3)) : heartbeatEveryMs,
  );
  let interruption: Interruption | undefined;
  try {
    const key = JSON.stringify([run.id, run.generation, about.name]);
    const work = await goingOn.join(key, (own) => limited(about, own));
    const givenUp = new Promise<never>((_, reject) => {
      const onCancel = (): void => {
        const why = interruptionOf(context);
        if (why !== 'not heard of') return work.stop(why);
        interruption = why;
        work.leave(why);
        reject(new Error(why));
      };
      const onTold = (): void => work.stop('cancelled');
      listen(context.cancellationSignal, onCancel);
      listen(told.signal, onTold);
    });
    try {
      // Of one name there is one kind of work.
      return (await Promise.race([work.result, givenUp])) as T;
    } catch (error) {
      interruption ??= work.stoppedFor();
      throw error;
    }
  } catch (error) {
    const why = failureOfAttempt(error, {
      interruption,
      limitMs: about.limitMs ?? 0,
      log: about.log,
      durationMs: elapsedMs(),
    });
    // The server takes this word only for an attempt that it has asked to stop.
    const isAsked = context.cancellationSignal.aborted;
    if (isAsked && endingOf(why) === 'cancelled') throw new CancelledFailure(why.message, [why]);
    throw applicationFailure(why, error);
  } finally {
    told.end();
    clearInterval(beat);
  }
}

function listen(signal: AbortSignal, listener: () => void): void {
  if (signal.aborted) listener();
  else signal.addEventListener('abort', listener, { once: true });
}

/** The work itself, ended at its own limit, whichever attempts wait for it. */
async function limited<T>(
  { work, limitMs, isLimitFromProgress }: Work<T>,
  own: { readonly signal: AbortSignal; readonly stop: (why: Interruption) => void },
): Promise<T> {
  const clock = makeAwakeClock();
  const waits = makeWaits(() => clock.elapsedMs());
  const onLost = (): void => own.stop('not heard of');
  let progressedAtMs = 0;
  const ring = (): void => {
    if (limitMs === undefined) return;
    const leftMs = progressedAtMs + limitMs + waits.waitedMs() - clock.elapsedMs();
    if (leftMs > 0) alarm = setTimeout(ring, leftMs);
    else own.stop('time limit');
  };
  let alarm = limitMs === undefined ? undefined : setTimeout(ring, limitMs);
  const onProgress = (): void => {
    if (isLimitFromProgress === true) progressedAtMs = clock.elapsedMs() - waits.waitedMs();
  };
  try {
    return await work(own.signal, { onProgress, waits, onLost });
  } finally {
    clock.stop();
    clearTimeout(alarm);
  }
}

/** What the server or the worker ended the attempt for. Its own limit is kept by the work. */
function interruptionOf({ cancellationDetails }: Context): Interruption {
  if (cancellationDetails?.workerShutdown === true) return 'worker stopped';
  const { timedOut = false, notFound = false } = cancellationDetails ?? {};
  return timedOut || notFound ? 'not heard of' : 'cancelled';
}
