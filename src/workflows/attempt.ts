/** Which way an attempt of a step goes: most are one activity. */

import { attemptStep } from './activities.ts';

import type { Attempted } from '../model/endings.ts';
import type { Plan, PlanStep } from '../model/plan.ts';
import type { Given } from '../model/run-state.ts';

/** Tries a step once, and answers once. */
export function attemptOf(
  plan: Plan,
  step: PlanStep,
  attempt: number,
  given: Given,
  answer: (attempted: Attempted) => void,
): void {
  attemptStep(plan, step, attempt, given, answer);
}
