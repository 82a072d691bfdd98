/** Wraps runStep() as Temporal activities: one work that attempts wait for, heartbeat, time limit, failures as they travel. */

import { CancelledFailure, Context } from '@temporalio/activity';

import { nameIn } from '../model/nested.ts';
import { endingOf, failureOfAttempt } from '../model/endings.ts';
import { makeAwakeClock } from './awake-clock.ts';
import { applicationFailure } from './application-failure.ts';
import { logFileOf, runStep, stopwatch } from './run-step.ts';

import type { GoingOn } from './going-on.ts';
import type { Stopping } from './stopping.ts';
import type { Interruption } from '../model/endings.ts';
import type { StepInput, StepResult } from '../model/step-result.ts';
import type { StepEnvironment } from './run-step.ts';
import type { AnyStepDefinition } from '../kinds/contract.ts';

export type StepActivity = (input: StepInput) => Promise<StepResult>;

/** The work of steps in one worker, apart from the attempts that wait for it. */
export type StepWork = GoingOn<StepResult, Interruption>;

type Options = {
  readonly heartbeatEveryMs: number;
  readonly stopping: Stopping;
  readonly goingOn: StepWork;
};

/** One activity a kind, named by the kind. */
export function makeStepActivities(
  kinds: readonly AnyStepDefinition[],
  environment: StepEnvironment,
  options: Options,
): Record<string, StepActivity> {
  return Object.fromEntries(
    kinds.map((definition) => [
      definition.kind,
      async (input: StepInput) => attempt(definition, input, environment, options),
    ]),
  );
}

/** Begins the step's work, or joins it where it goes on, and waits for its end as long as the server waits for this attempt. */
async function attempt(
  definition: AnyStepDefinition,
  input: StepInput,
  environment: StepEnvironment,
  { heartbeatEveryMs, stopping, goingOn }: Options,
): Promise<StepResult> {
  const { step, run } = input;
  const context = Context.current();
  const elapsedMs = stopwatch();
  const told = stopping.join(run);
  const beat = setInterval(
    () => context.heartbeat(),
    step.heartbeatMs > 0
      ? Math.min(heartbeatEveryMs, Math.max(100, step.heartbeatMs / 3))
      : heartbeatEveryMs,
  );
  let interruption: Interruption | undefined;
  try {
    const key = JSON.stringify([run.id, run.generation, nameIn(run.within, step.id)]);
    const work = await goingOn.join(key, (own) => workOf(definition, input, environment, own));
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
      return await Promise.race([work.result, givenUp]);
    } catch (error) {
      interruption ??= work.stoppedFor();
      throw error;
    }
  } catch (error) {
    const why = failureOfAttempt(error, {
      interruption,
      limitMs: input.limitMs ?? step.timeoutMs,
      log: logFileOf(environment, input),
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

/** The work itself, ended at the step's own limit, whichever attempts wait for it. */
async function workOf(
  definition: AnyStepDefinition,
  input: StepInput,
  environment: StepEnvironment,
  own: { readonly signal: AbortSignal; readonly stop: (why: Interruption) => void },
): Promise<StepResult> {
  const { limitIsDefault } = input.step;
  const timeoutMs = input.limitMs ?? input.step.timeoutMs;
  const clock = makeAwakeClock();
  let progressedAtMs = 0;
  const ring = (): void => {
    const leftMs = progressedAtMs + timeoutMs - clock.elapsedMs();
    if (leftMs > 0) alarm = setTimeout(ring, leftMs);
    else own.stop('time limit');
  };
  let alarm = setTimeout(ring, timeoutMs);
  const onProgress = (): void => {
    if (limitIsDefault === true) progressedAtMs = clock.elapsedMs();
  };
  try {
    return await runStep(definition, input, environment, own.signal, {
      elapsedMs: stopwatch(),
      onProgress,
    });
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
