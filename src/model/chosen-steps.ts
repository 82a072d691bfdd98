/** A run of some steps of a profile alone: one that is named, or all that needs it too, with what those need. Pure. */

import { UserError } from './errors.ts';
import { didYouMean } from './suggest.ts';

import type { Plan, PlanStep, ChosenSteps } from './plan.ts';

/** The folder for the results of some steps, beside that of the whole. */
export function folderOfSteps(out: string, { step }: Pick<ChosenSteps, 'step'>): string {
  return `${out}.steps/${step}`;
}

/**
 * The plan of these steps. What was asked for is laid out, and exports of every step in it are, in a folder of their own:
 * they are never a delivery. @throws UserError STEP_NOT_FOUND
 */
export function planOfChosen<Body extends Omit<Plan, 'run'>>(
  plan: Body,
  only: ChosenSteps | undefined,
): Body {
  if (only === undefined) return plan;
  const ids = plan.steps.map(({ id }) => id);
  if (!ids.includes(only.step)) throw unknown(only.step, ids, plan.profile);
  const asked = only.downstream === true ? withDependents(plan.steps, only.step) : [only.step];
  const chosen = withNeeds(plan.steps, asked);
  const steps = plan.steps
    .filter(({ id }) => chosen.has(id))
    .map((step): PlanStep => {
      const isForced = only.force === true && step.id === only.step;
      return {
        ...step,
        ...(isForced ? { reuse: false } : {}),
        lays: asked.includes(step.id) ? 'all' : 'exports',
      };
    });
  return { ...plan, only, steps };
}

function withDependents(steps: readonly PlanStep[], first: string): readonly string[] {
  const found = new Set([first]);
  // A set that grows while it is gone through is gone through to its end.
  for (const id of found) {
    for (const step of steps) if (step.needs.includes(id)) found.add(step.id);
  }
  return [...found];
}

function withNeeds(steps: readonly PlanStep[], asked: readonly string[]): ReadonlySet<string> {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const found = new Set(asked);
  for (const id of found) {
    for (const need of byId.get(id)?.needs ?? []) found.add(need);
  }
  return found;
}

/** Names beyond this are not listed. */
const MOST_LISTED = 12;

function unknown(step: string, ids: readonly string[], profile: string): UserError {
  const more = ids.length > MOST_LISTED ? `, ... (${ids.length})` : '';
  const listed = ids.slice(0, MOST_LISTED).join(', ') + more;
  const hint = didYouMean(step, ids);
  return new UserError(
    'STEP_NOT_FOUND',
    `the profile ${profile} has no step '${step}'; its steps: ${listed}`,
    hint === undefined ? {} : { hint },
  );
}
