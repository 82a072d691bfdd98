/** What a command orders, cut into the parts that single activities get: each part can be authenticated alone. Pure. */

import { placesOf } from './nested.ts';

import type { RunKey } from './events.ts';
import type { NestedProfile, Plan, PlanStep } from './plan.ts';
import type { DeliverFile, DeliverInput, GiveInput, StepInput, StepResult } from './step-result.ts';

/** The part of a plan that the attempts of one step are given. */
export function stepOrder(
  plan: Plan,
  step: PlanStep,
): Pick<StepInput, 'run' | 'step' | 'concurrency'> {
  return { run: runOf(plan, step), step, concurrency: placesOf(plan) };
}

function runOf(plan: Plan, step: Pick<PlanStep, 'id' | 'reads'>): StepInput['run'] {
  const { id, generation, date, within, previousRows, previousResults = {} } = plan.run;
  const previousResult = previousResults[step.id];
  return {
    id,
    generation,
    job: plan.job,
    profile: plan.profile,
    ...(plan.partition === undefined ? {} : { partition: plan.partition.id }),
    date,
    ...(within === undefined ? {} : { within }),
    previousRows: only(previousRows, step.reads),
    ...(previousResult === undefined ? {} : { previousResult }),
  };
}

/** The part of a plan that is given to who makes the result of a step that is a profile. */
export function giveOrder(
  plan: Plan,
  { id, nested }: PlanStep & { readonly nested: NestedProfile },
): Pick<GiveInput, 'run' | 'step'> {
  const { gives, steps } = nested;
  const run = runOf(plan, { id, reads: [] });
  return { run, step: { id, gives, steps: steps.map((step) => step.id) } };
}

/** The part of a plan that its delivery is given. */
export function deliverOrder(plan: Plan): Pick<DeliverInput, 'plan' | 'planSha256'> {
  const { job, profile, partition, params, run } = plan;
  const { tags: _, ...rest } = run;
  const cut = partition === undefined ? {} : { partition };
  return { plan: { job, profile, ...cut, params, run: rest }, planSha256: run.planSha256 };
}

/** The part of a plan that its events are told with. */
export function runOrder(plan: Plan): Omit<RunKey, 'tag'> {
  const { id, generation } = plan.run;
  return { runId: id, generation, job: plan.job, profile: plan.profile };
}

/** The files that a step's result adds to the delivery. */
export function deliverFilesOf(step: string, result: StepResult): readonly DeliverFile[] {
  return Object.entries(result.outputs).flatMap(([output, artifact]) => {
    if (artifact.deliver === undefined) return [];
    const { fingerprint } = result;
    const from = artifact.from ?? step;
    return [{ path: artifact.deliver, artifact, from, fingerprint, output }];
  });
}

/** Entries of `step` and `step.output` for the steps that are read. */
function only(
  rows: Readonly<Record<string, number>>,
  reads: readonly string[],
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(rows).filter(([from]) => reads.includes(from.split('.')[0] ?? from)),
  );
}
