/** Steps that run because of how others ended: what they wait for, look at and are told. Pure. */

import type { Place } from './located.ts';
import type { StepUse } from './replace.ts';
import type { Problem } from '../model/errors.ts';
import type { PlanStep } from '../model/plan.ts';

/** What the check of one step knows of it by then. */
export type Handling = {
  readonly id: string;
  /** Of the key `run_if`; undefined: it runs once its needs succeeded. */
  readonly runIf: PlanStep['runIf'];
  readonly at: Place;
  /** Mentions of other steps in its condition and its options. */
  readonly inCondition: readonly StepUse[];
  readonly inOptions: readonly StepUse[];
  readonly needs: Map<string, Place>;
};

/** Mentions of outcomes where a step can be told of none. */
export function outcomeProblems({
  id,
  runIf,
  inCondition,
  inOptions,
}: Handling): readonly Problem[] {
  if (runIf !== undefined) return [];
  const wrong = [
    ...inOptions.filter(({ part }) => part === 'outcome' || part === 'run'),
    ...inCondition.filter(({ part }) => part === 'run'),
  ];
  return wrong.map(({ at, ...mention }) => {
    const name =
      mention.part === 'run' ? `run.${mention.name}` : `steps.${mention.step}.${mention.name}`;
    const message = `step '${id}' runs once all it needs succeeded, so ${name} tells it nothing; give it run_if: failed or run_if: always`;
    return { code: 'BAD_REFERENCE', ...at, message };
  });
}

/**
 * Adds what a step with `run_if` and nothing to wait for waits for: every step but those of its like and what needs them,
 * so that it is the end of the run.
 */
export function waitForAll(steps: readonly Handling[]): void {
  const last = new Set(
    steps.filter(({ runIf, needs }) => runIf !== undefined && needs.size === 0).map(({ id }) => id),
  );
  if (last.size === 0) return;
  const after = new Set(last);
  for (let before = -1; before !== after.size;) {
    before = after.size;
    for (const { id, needs } of steps) {
      if ([...needs.keys()].some((need) => after.has(need))) after.add(id);
    }
  }
  const others = steps.filter(({ id }) => !after.has(id));
  for (const { id, needs, at } of steps) {
    if (last.has(id)) for (const other of others) needs.set(other.id, at);
  }
}

/** The needs that it waits for however they end. */
export function heedsOf({ runIf, needs, inCondition }: Handling): readonly string[] {
  const ids = [...needs.keys()];
  if (runIf !== undefined) return ids;
  const asked = inCondition.flatMap((use) => (use.part === 'outcome' ? [use.step] : []));
  return ids.filter((id) => asked.includes(id));
}

/** The needs whose outcome its options tell. */
export function hearsOf({ needs, inOptions }: Handling): readonly string[] {
  const ids = [...needs.keys()];
  if (inOptions.some(({ part }) => part === 'run')) return ids;
  const told = inOptions.flatMap((use) => (use.part === 'outcome' ? [use.step] : []));
  return ids.filter((id) => told.includes(id));
}
