/** Which way an attempt of a step goes: most are one activity, a profile is a pipeline of its own. */

import { attemptStep } from './activities.ts';
import { attemptNested } from './nested.ts';

import type { Attempted } from '../model/endings.ts';
import type { Plan, PlanStep } from '../model/plan.ts';
import type { Given } from '../model/run-state.ts';
import type { Surroundings } from './nested.ts';

/** Tries a step once, and answers once. */
export function attemptOf(
  plan: Plan,
  step: PlanStep,
  attempt: number,
  given: Given,
  around: Surroundings,
  answer: (attempted: Attempted) => void,
): void {
  const { nested } = step;
  if (nested !== undefined) return attemptNested(plan, { ...step, nested }, given, around, answer);
  attemptStep(plan, step, attempt, given, answer);
}
