/** Answers a run from what is known already, all of it or nothing: the same `drive()`, and nothing is executed. Pure. */

import { drive } from './drive.ts';
import { newRunState } from './run-state.ts';

import type { Completed } from './drive.ts';
import type { Attempted } from './endings.ts';
import type { RunEvent } from './events.ts';
import type { Plan, PlanStep } from './plan.ts';
import type { Given } from './run-state.ts';

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
  }: {
    /** Unix milliseconds. */
    readonly now: () => number;
    /** How the step ended or would end, without executing it; undefined: not known. */
    readonly find: (step: PlanStep, given: Given) => Promise<Attempted | undefined>;
  },
): Promise<LookedUp | undefined> {
  const events: RunEvent[] = [];
  const driven = await drive(plan, newRunState(plan), {
    now,
    attempt: (step, _attempt, given, answer) =>
      void find(step, given).then((found) =>
        answer(isFinal(found) ? found : { ending: 'unknown' }),
      ),
    pause: () => undefined,
    abort: () => undefined,
    onStop: () => undefined,
    emit: (told) => events.push(...told),
  });
  return driven.complete ? { driven, events } : undefined;
}

function isFinal(found: Attempted | undefined): found is Attempted {
  return found !== undefined && (found.ending === 'ok' || !found.failure.retryable);
}
