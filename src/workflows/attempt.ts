/**
 * Which way an attempt of a step goes: most are one activity; one with items is many, in child workflows; a profile is a
 * pipeline of its own.
 */

import { attemptStep, orderedStep } from './activities.ts';
import { attemptItems } from './items.ts';
import { attemptNested } from './nested.ts';

import type { Attempted } from '../model/endings.ts';
import type { Plan, PlanStep } from '../model/plan.ts';
import type { Given } from '../model/run-state.ts';
import type { Surroundings } from './surroundings.ts';

/** Tries a step once, and answers once. */
export function attemptOf(
  plan: Plan,
  step: PlanStep,
  attempt: number,
  given: Given,
  answer: (attempted: Attempted) => void,
  around: Surroundings,
): void {
  const { foreach, ...rest } = step;
  if (foreach !== undefined) {
    return attemptItems(plan, { ...rest, foreach }, attempt, given, answer, around);
  }
  const { nested } = step;
  if (nested !== undefined) return attemptNested(plan, { ...step, nested }, given, around, answer);
  return attemptStep(orderedStep(plan, step), attempt, given, answer);
}
