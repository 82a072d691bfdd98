/** Wraps runStep() as Temporal activities: heartbeat, time limit, and the translation of errors. */

import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';

import { logFileOf, runStep } from './run-step.ts';
import { MAX_VALUES } from '../model/step-result.ts';
import { StepError } from '../model/step-error.ts';

import type { FailureDetail, StepInput, StepResult } from '../model/step-result.ts';
import type { StepEnvironment } from './run-step.ts';
import type { AnyStepDefinition } from '../kinds/contract.ts';

export type StepActivity = (input: StepInput) => Promise<StepResult>;

/** One activity a kind, named by the kind. */
export function makeStepActivities(
  kinds: readonly AnyStepDefinition[],
  environment: StepEnvironment,
  options: { readonly heartbeatEveryMs: number },
): Record<string, StepActivity> {
  return Object.fromEntries(
    kinds.map((definition) => [
      definition.kind,
      async (input: StepInput) => attempt(definition, input, environment, options.heartbeatEveryMs),
    ]),
  );
}

async function attempt(
  definition: AnyStepDefinition,
  input: StepInput,
  environment: StepEnvironment,
  heartbeatEveryMs: number,
): Promise<StepResult> {
  const { step, run } = input;
  const context = Context.current();
  const limit = new AbortController();
  const signal = AbortSignal.any([context.cancellationSignal, limit.signal]);
  const beat = setInterval(
    () => context.heartbeat(),
    Math.min(heartbeatEveryMs, Math.max(100, step.heartbeatMs / 3)),
  );
  const alarm = setTimeout(() => limit.abort(new Error('time limit')), step.timeoutMs);
  try {
    return await runStep(definition, input, environment, signal);
  } catch (error) {
    throw translate(error, {
      timedOut: limit.signal.aborted,
      cancelled: context.cancellationSignal.aborted,
      workerGone: context.cancellationDetails?.workerShutdown === true,
      limitMs: step.timeoutMs,
      logFile: logFileOf(environment, run.id, step.id),
    });
  } finally {
    clearInterval(beat);
    clearTimeout(alarm);
  }
}

/** At most as many as a result may carry. */
function failedChecksOf(error: unknown): Pick<FailureDetail, 'failedChecks'> {
  if (!(error instanceof StepError) || error.failedChecks === undefined) return {};
  return { failedChecks: error.failedChecks.slice(0, MAX_VALUES) };
}

function translate(
  error: unknown,
  state: {
    readonly timedOut: boolean;
    readonly cancelled: boolean;
    readonly workerGone: boolean;
    readonly limitMs: number;
    readonly logFile: string;
  },
): Error {
  if (state.workerGone) {
    return ApplicationFailure.nonRetryable('its worker was told to stop', 'WORKER_LOST');
  }
  if (state.cancelled) return new CancelledFailure('the attempt was cancelled');
  if (state.timedOut) {
    return ApplicationFailure.nonRetryable(
      `ran longer than its limit of ${state.limitMs / 1000} s`,
      'STEP_TIMEOUT',
      { log: state.logFile } satisfies FailureDetail,
    );
  }
  return ApplicationFailure.create({
    message: error instanceof Error ? error.message : String(error),
    type: error instanceof StepError ? error.code : 'STEP_FAILED',
    nonRetryable: error instanceof StepError,
    details: [{ log: state.logFile, ...failedChecksOf(error) } satisfies FailureDetail],
    ...(error instanceof Error ? { cause: error } : {}),
  });
}
