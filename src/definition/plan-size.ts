/** Whether a plan fits into one workflow: Temporal takes no input above 2 MB. Pure. */

import { namedSteps } from '../model/nested.ts';
import { child } from './located.ts';
import { MAX_STEPS, ONE_STEP_FOR_MANY } from './many-steps.ts';

import type { CheckedStep } from './checked-step.ts';
import type { Problem } from '../model/errors.ts';
import type { Plan } from '../model/plan.ts';

/** Leaves room for what a run adds to its plan. */
const MAX_BYTES = 1_800_000;

/** The problem of a plan that is too large, at its largest step. */
export function sizeProblems(
  plan: Omit<Plan, 'run'>,
  steps: readonly CheckedStep[],
): readonly Problem[] {
  const many = countProblems(plan, steps);
  if (many.length > 0) return many;
  const trouble = sizeTrouble(plan);
  if (trouble === undefined) return [];
  const { largest, message } = trouble;
  const step = steps.find(({ id }) => id === largest);
  const at = child(step?.located, 'with')?.at ?? step?.at;
  if (at === undefined) return [];
  return [{ code: 'PLAN_TOO_LARGE', ...at, message, hint: SMALLER }];
}

/** What there is to do about it. */
export const SMALLER =
  'Put data into a file and read it with collect.files; make one step with foreach of steps that differ in a value; or split the profile into two jobs.';

/** How large it is, and which step most of all; undefined where it fits. */
export function sizeTrouble(
  plan: Omit<Plan, 'run'>,
): { readonly largest: string; readonly message: string } | undefined {
  const total = bytesOf(plan);
  if (total <= MAX_BYTES) return undefined;
  const [largest, bytes] = plan.steps
    .map((step) => [step.id, bytesOf(step)] as const)
    .reduce((best, each) => (each[1] > best[1] ? each : best), ['', 0] as const);
  const size = bytes < 100_000 ? `${Math.ceil(bytes / 1000)} kB` : megabytes(bytes);
  const message = `the plan is too large for one run: ${megabytes(total)}, at most ${megabytes(MAX_BYTES)}; the largest step is '${largest}' with ${size}`;
  return { largest, message };
}

/** The steps of nested profiles are activities of the same workflow. */
function countProblems(plan: Omit<Plan, 'run'>, steps: readonly CheckedStep[]): readonly Problem[] {
  const total = namedSteps(plan).length;
  const counts = steps.map((step, i) => {
    const nested = plan.steps[i]?.nested;
    return [step, nested === undefined ? 0 : namedSteps(nested).length] as const;
  });
  const [largest, count] = counts.reduce((best, each) => (each[1] > best[1] ? each : best));
  if (total <= MAX_STEPS || count === 0) return [];
  const message = `the run has ${total} steps with those of the profiles in it; at most ${MAX_STEPS} are supported, and step '${largest.id}' brings ${count} of them`;
  return [{ code: 'TOO_MANY_STEPS', ...largest.at, message, hint: ONE_STEP_FOR_MANY }];
}

function bytesOf(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).length;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(2)} MB`;
}
