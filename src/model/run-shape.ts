/** A plan as far as instruments are concerned. Pure. */

import { allSteps } from './nested.ts';

import type { RunShape } from './events.ts';
import type { Plan, PlanStep } from './plan.ts';

/** What instruments need to know of a plan before its first step. */
export function shapeOf(plan: Plan): RunShape {
  const nested = new Map<string, Pick<RunShape, 'profile' | 'steps'>>();
  for (const [{ profile, run, steps }] of allSteps(plan)) {
    if (run.within !== undefined && !nested.has(profile)) {
      nested.set(profile, { profile, steps: steps.map(settingsOf) });
    }
  }
  return {
    job: plan.job,
    profile: plan.profile,
    ...(plan.expectedEveryMs === undefined ? {} : { expectedEveryMs: plan.expectedEveryMs }),
    steps: plan.steps.map(settingsOf),
    ...(nested.size === 0 ? {} : { nested: [...nested.values()] }),
  };
}

function settingsOf(step: PlanStep): RunShape['steps'][number] {
  const { id, kind, core, p95Ms, timeoutMs, nested, limitIsDefault, foreach } = step;
  // The steps of a profile have their limits; it has none that nobody asked for.
  const isUnlimited = nested !== undefined && limitIsDefault === true;
  return {
    id,
    kind,
    core,
    ...(isUnlimited ? {} : { timeoutMs }),
    ...(p95Ms === undefined ? {} : { p95Ms }),
    ...(foreach === undefined ? {} : { items: true as const }),
  };
}
