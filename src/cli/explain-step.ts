/** Foresees one step: would its result be reused, and if not, what differs from the last time. Executes nothing. */

import { identify } from '../activities/identity.ts';
import { changeText, explainChange } from '../activities/explain-change.ts';
import { KINDS } from '../kinds/index.ts';

import type { AnyStepDefinition } from '../kinds/contract.ts';
import type { Plan, PlanStep } from '../model/plan.ts';
import type { StepResult } from '../model/step-result.ts';
import type { Store } from '../store/store.ts';

export type Foreseen = {
  /** `wait`: it depends on the result of a step that will run. */
  readonly verdict: 'reuse' | 'run' | 'wait';
  readonly changes: readonly string[];
  readonly result?: StepResult;
};

/** What would happen to a step, given what would happen to those it reads. */
export async function explainStep(
  step: PlanStep,
  plan: Omit<Plan, 'run'>,
  { store, foreseen }: { readonly store: Store; readonly foreseen: ReadonlyMap<string, Foreseen> },
): Promise<Foreseen> {
  const definition = KINDS.find(({ kind }) => kind === step.kind) as AnyStepDefinition;
  const inputs: Record<string, StepResult> = {};
  for (const id of step.reads) {
    const result = foreseen.get(id)?.result;
    if (result === undefined) {
      return { verdict: 'wait', changes: [`depends on ${id}, which would run`] };
    }
    inputs[id] = result;
  }
  const identity = await identify(
    definition,
    step,
    inputs,
    store,
    AbortSignal.timeout(600_000),
  ).catch((error: Error) => error);
  if (identity instanceof Error) return { verdict: 'run', changes: [identity.message] };
  if (!identity.reusable) return { verdict: 'run', changes: ['it is never reused'] };
  const found = await store.findResult(identity.fingerprint);
  if (found !== undefined) {
    return {
      verdict: 'reuse',
      changes: [],
      result: { ...found.result, cached: true, durationMs: 0 },
    };
  }
  const last = await store.latestOf(plan.job, plan.profile, step.id);
  const changes =
    last === undefined
      ? ['it has never run']
      : explainChange(last.ingredients, identity.ingredients).map(changeText);
  return {
    verdict: 'run',
    changes: changes.length === 0 ? ['its stored result is gone'] : changes,
  };
}
