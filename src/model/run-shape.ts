/** A plan as far as instruments are concerned. Pure. */

import type { RunShape } from './events.ts';
import type { Plan } from './plan.ts';

/** What instruments need to know of a plan before its first step. */
export function shapeOf(plan: Plan): RunShape {
  return {
    job: plan.job,
    profile: plan.profile,
    ...(plan.expectedEveryMs === undefined ? {} : { expectedEveryMs: plan.expectedEveryMs }),
    steps: plan.steps.map(({ id, kind, core, p95Ms, timeoutMs, foreach }) => ({
      id,
      kind,
      core,
      timeoutMs,
      ...(p95Ms === undefined ? {} : { p95Ms }),
      ...(foreach === undefined ? {} : { items: true as const }),
    })),
  };
}
