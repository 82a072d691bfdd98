/** Answers a run from what is known already, all of it or nothing: the same `drive()`, and nothing is executed. Pure. */

import { driveNested } from './drive-nested.ts';
import { drive } from './drive.ts';
import { newRunState } from './run-state.ts';

import type { NestedPorts } from './drive-nested.ts';
import type { Answer, Completed } from './drive.ts';
import type { Attempted } from './endings.ts';
import type { RunEvent } from './events.ts';
import type { Plan, PlanStep } from './plan.ts';
import type { Given } from './run-state.ts';
import type { GiveInput } from './step-result.ts';

/** A run that needed no execution, and the events of it that nobody was told yet. */
export type LookedUp = { readonly driven: Completed; readonly events: readonly RunEvent[] };

/**
 * The run as it would end now; undefined as soon as one step's end is not known, or would be tried again.
 * `find` never rejects.
 */
export async function lookUpRun(
  plan: Plan,
  {
    now,
    find,
    give = async () => undefined,
  }: {
    /** Unix milliseconds. */
    readonly now: () => number;
    /** How a step of this plan ended or would end, without executing it; undefined: not known. */
    readonly find: (step: PlanStep, given: Given, plan: Plan) => Promise<Attempted | undefined>;
    /** What a step that is a profile has to give; undefined: not known. */
    readonly give?: (input: GiveInput) => Promise<Attempted | undefined>;
  },
): Promise<LookedUp | undefined> {
  const events: RunEvent[] = [];
  const quiet = {
    now,
    pause: () => undefined,
    abort: () => undefined,
    onStop: () => undefined,
    emit: (told: readonly RunEvent[]) => void events.push(...told),
  };
  const attempt = (
    of: Plan,
    step: PlanStep,
    given: Given,
    answer: (told: Answer) => void,
  ): void => {
    const { nested } = step;
    if (nested !== undefined && step.foreach === undefined) {
      const within: NestedPorts = {
        ...quiet,
        attempt: (inner, each, _attempt, own, told) => attempt(inner, each, own, told),
        give: (input, told) => void give(input).then((made) => told(answerOf(made))),
      };
      return driveNested(of, { ...step, nested }, given, within, answer);
    }
    void find(step, given, of).then((found) => answer(answerOf(found)));
  };
  const driven = await drive(plan, newRunState(plan), {
    ...quiet,
    attempt: (step, _attempt, given, answer) => attempt(plan, step, given, answer),
  });
  return driven.complete ? { driven, events } : undefined;
}

function answerOf(found: Attempted | undefined): Answer {
  return isFinal(found) ? found : { ending: 'unknown' };
}

function isFinal(found: Attempted | undefined): found is Attempted {
  return found !== undefined && (found.ending === 'ok' || !found.failure.retryable);
}
