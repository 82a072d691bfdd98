/** Wraps runStep() as Temporal activities, one a kind; an attempt of an item is one of the step with the item in its place. */

import { fullName } from '../model/nested.ts';
import { attemptInput } from './item-attempt.ts';
import { logFileOf, runStep, stopwatch } from './run-step.ts';
import { waitForWork } from './wait-for-work.ts';

import type { StepInput, StepResult } from '../model/step-result.ts';
import type { AnyStepDefinition } from '../kinds/contract.ts';
import type { StepEnvironment } from './run-step.ts';
import type { Waiting } from './wait-for-work.ts';

export type StepActivity = (input: StepInput) => Promise<StepResult>;

/** One activity a kind, named by the kind. */
export function makeStepActivities(
  kinds: readonly AnyStepDefinition[],
  environment: StepEnvironment,
  options: Waiting,
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
  options: Waiting,
): Promise<StepResult> {
  const { step, run } = input;
  return waitForWork(
    {
      run,
      name: fullName(input),
      heartbeatMs: step.heartbeatMs,
      limitMs: input.limitMs ?? step.timeoutMs,
      isLimitFromProgress: step.limitIsDefault === true,
      log: logFileOf(environment, input),
      work: async (signal, { waits, ...pace }) => {
        const own = await attemptInput(input, environment.store);
        const totalMs = stopwatch();
        return runStep(definition, own, environment, signal, {
          ...pace,
          elapsedMs: () => Math.max(1, totalMs() - waits.waitedMs()),
          waits,
          onWaiting: (limit) => environment.onWaiting?.(input, limit),
        });
      },
    },
    options,
  );
}
