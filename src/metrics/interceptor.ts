/**
 * Measures every attempt of a step where it is executed. The authority for attempts, never for outcomes:
 * it cannot know whether its attempt is the last, nor whether its answer arrives.
 */

import type { ActivityInterceptorsFactory } from '@temporalio/worker';

import type { AttemptResult } from '../model/outcome.ts';
import type { StepInput, StepResult } from '../model/step-result.ts';
import type { Counting } from './counting.ts';
import type { Telemetry } from './telemetry.ts';

/** The part of an activity's context that tells why it was cancelled. */
type Cancellation = { readonly cancellationSignal: AbortSignal };

type Settings = {
  readonly counting: Counting;
  /** Absent: the exporter is off, and attempts are only written down. */
  readonly telemetry?: Telemetry;
};

/** For `interceptors.activity` of a worker. Activities that are not steps, such as `deliver`, pass untouched. */
export function makeActivityInterceptor(settings: Settings): ActivityInterceptorsFactory {
  return (context) => ({
    inbound: {
      async execute(input, next) {
        const step = stepInputOf(input.args);
        return step === undefined
          ? next(input)
          : measured(step, () => next(input), context, settings);
      },
    },
  });
}

/** Runs one attempt and records how it ended. Rethrows what it throws. */
async function measured(
  input: StepInput,
  execute: () => Promise<unknown>,
  context: Cancellation,
  { counting, telemetry }: Settings,
): Promise<unknown> {
  const { run, step, attempt } = input;
  const place = { runId: run.id, job: run.job, profile: run.profile };
  const startedAt = performance.now();
  telemetry?.seedStep(place, step.id);
  telemetry?.stepStarted(place, step.id, Date.now());

  const record = (result: AttemptResult, output?: StepResult): void => {
    telemetry?.stepStopped(place, step.id);
    if (output !== undefined && (output.cached || output.adopted === true)) return;
    // Not awaited: it is written before the step's answer leaves, but its bookkeeping does not hold it up.
    void counting.add([
      {
        ...place,
        generation: run.generation,
        atMs: Date.now(),
        type: 'attempt',
        step: step.id,
        kind: step.kind,
        attempt,
        result,
        durationMs: performance.now() - startedAt,
        observed: result === 'ok',
        ...(output?.rowsIn === undefined ? {} : { rowsIn: output.rowsIn }),
        ...(output?.rowsOut === undefined ? {} : { rowsOut: output.rowsOut }),
        ...(output?.rowsRejected === undefined ? {} : { rowsRejected: output.rowsRejected }),
      },
    ]);
  };

  try {
    const output = await execute();
    record('ok', output as StepResult);
    return output;
  } catch (error) {
    const elapsedMs = performance.now() - startedAt;
    record(endingOf(error, context.cancellationSignal, elapsedMs, step.timeoutMs));
    throw error;
  }
}

/** How a failed attempt is counted, in the same words the workflow uses for it. */
function endingOf(
  error: unknown,
  signal: AbortSignal,
  elapsedMs: number,
  timeoutMs: number,
): AttemptResult {
  const type = (error as { readonly type?: unknown } | undefined)?.type;
  if (type === 'STEP_TIMEOUT') return 'timeout';
  if (type === 'WORKER_LOST') return 'lost';
  if (!signal.aborted) return 'fail';
  const cause: unknown = signal.reason;
  switch (cause instanceof Error ? cause.message : String(cause)) {
    case 'TIMED_OUT':
      // Ended by the server: at its limit, or earlier because heartbeats did not arrive.
      return elapsedMs >= timeoutMs ? 'timeout' : 'lost';
    case 'WORKER_SHUTDOWN':
    case 'NOT_FOUND':
      return 'lost';
    default:
      return 'cancelled';
  }
}

function stepInputOf(args: readonly unknown[]): StepInput | undefined {
  const input = args[0] as Partial<StepInput> | undefined;
  const isStep =
    typeof input?.step?.id === 'string' &&
    typeof input.run?.id === 'string' &&
    typeof input.attempt === 'number';
  return isStep ? (input as StepInput) : undefined;
}
