/** Which way an attempt of a step goes: most are one activity; one with items is many, in child workflows. */

import { attemptStep, orderedStep } from './activities.ts';
import { attemptItems } from './items.ts';

import type { Attempted } from '../model/endings.ts';
import type { RunEvent } from '../model/events.ts';
import type { Plan, PlanStep } from '../model/plan.ts';
import type { Given } from '../model/run-state.ts';

/** What an attempt that is more than one activity tells while it goes on. */
export type Telling = {
  /** When the run must have ended, Unix milliseconds. */
  readonly deadlineMs?: number;
  /** To everyone. */
  readonly emit: (events: readonly RunEvent[]) => void;
  /** To those who ask the workflow: everyone else was told by the children. */
  readonly note: (event: RunEvent) => void;
};

/** Tries a step once, and answers once. */
export function attemptOf(
  plan: Plan,
  step: PlanStep,
  attempt: number,
  given: Given,
  answer: (attempted: Attempted) => void,
  telling: Telling,
): void {
  const { foreach, ...rest } = step;
  if (foreach !== undefined) {
    return attemptItems(plan, { ...rest, foreach }, attempt, given, answer, telling);
  }
  return attemptStep(orderedStep(plan, step), attempt, given, answer);
}
