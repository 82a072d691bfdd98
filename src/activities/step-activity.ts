/** Wraps runStep() as Temporal activities: heartbeat, time limit, and failures as they travel. */

import { CancelledFailure, Context } from '@temporalio/activity';

import { endingOf, failureOfAttempt } from '../model/endings.ts';
import { applicationFailure } from './application-failure.ts';
import { logFileOf, runStep, stopwatch } from './run-step.ts';

import type { Stopping } from './stopping.ts';
import type { Interruption } from '../model/endings.ts';
import type { StepInput, StepResult } from '../model/step-result.ts';
import type { StepEnvironment } from './run-step.ts';
import type { AnyStepDefinition } from '../kinds/contract.ts';

export type StepActivity = (input: StepInput) => Promise<StepResult>;

/** One activity a kind, named by the kind. */
export function makeStepActivities(
  kinds: readonly AnyStepDefinition[],
  environment: StepEnvironment,
  options: { readonly heartbeatEveryMs: number; readonly stopping: Stopping },
): Record<string, StepActivity> {
  return Object.fromEntries(
    kinds.map((definition) => [
      definition.kind,
      async (input: StepInput) => attempt(definition, input, environment, options),
    ]),
  );
}

async function attempt(
  definition: AnyStepDefinition,
  input: StepInput,
  environment: StepEnvironment,
  { heartbeatEveryMs, stopping }: { heartbeatEveryMs: number; stopping: Stopping },
): Promise<StepResult> {
  const { step, run } = input;
  const context = Context.current();
  const elapsedMs = stopwatch();
  const limit = new AbortController();
  const told = stopping.join(run);
  const signal = AbortSignal.any([context.cancellationSignal, limit.signal, told.signal]);
  const beat = setInterval(
    () => context.heartbeat(),
    step.heartbeatMs > 0
      ? Math.min(heartbeatEveryMs, Math.max(100, step.heartbeatMs / 3))
      : heartbeatEveryMs,
  );
  let progressedAtMs = 0;
  const ring = (): void => {
    const leftMs = progressedAtMs + step.timeoutMs - elapsedMs();
    if (leftMs > 0) alarm = setTimeout(ring, leftMs);
    else limit.abort(new Error('time limit'));
  };
  let alarm = setTimeout(ring, step.timeoutMs);
  const onProgress = (): void => {
    if (step.limitIsDefault === true) progressedAtMs = elapsedMs();
  };
  try {
    return await runStep(definition, input, environment, signal, { elapsedMs, onProgress });
  } catch (error) {
    const durationMs = elapsedMs();
    const why = failureOfAttempt(error, {
      interruption:
        interruptionOf(context, durationMs >= step.timeoutMs) ??
        (told.signal.aborted ? 'cancelled' : limit.signal.aborted ? 'time limit' : undefined),
      limitMs: step.timeoutMs,
      log: logFileOf(environment, run.id, step.id),
      durationMs,
    });
    // The server takes this word only for an attempt that it has asked to stop.
    const isAsked = context.cancellationSignal.aborted;
    if (isAsked && endingOf(why) === 'cancelled') throw new CancelledFailure(why.message, [why]);
    throw applicationFailure(why, error);
  } finally {
    told.end();
    clearInterval(beat);
    clearTimeout(alarm);
  }
}

/** What the server or the worker ended the attempt for, if either did. `isOver`: its own time is up. */
function interruptionOf(
  { cancellationSignal, cancellationDetails }: Context,
  isOver: boolean,
): Interruption | undefined {
  if (cancellationDetails?.workerShutdown === true) return 'worker stopped';
  if (cancellationDetails?.timedOut === true) return isOver ? 'time limit' : 'not heard of';
  if (cancellationDetails?.notFound === true) return 'not heard of';
  return cancellationSignal.aborted ? 'cancelled' : undefined;
}
