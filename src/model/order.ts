/** What a command orders, cut into the parts that single activities get: each part can be authenticated alone. Pure. */

import { itemStep, mostAtOnce } from './items.ts';

import type { RunKey } from './events.ts';
import type { Foreach, Plan, PlanStep } from './plan.ts';
import type { DeliverFile, DeliverInput, StepInput, StepResult } from './step-result.ts';

/** The part of a plan that the attempts of one step are given. */
export function stepOrder(
  plan: Plan,
  step: PlanStep,
): Pick<StepInput, 'run' | 'step' | 'concurrency'> {
  const { id, generation, date, previousRows, previousResults = {} } = plan.run;
  const previousResult = previousResults[step.id];
  return {
    run: {
      id,
      generation,
      job: plan.job,
      profile: plan.profile,
      ...(plan.partition === undefined ? {} : { partition: plan.partition.id }),
      date,
      previousRows: only(previousRows, step.reads),
      ...(previousResult === undefined ? {} : { previousResult }),
    },
    step,
    concurrency: mostAtOnce(plan),
  };
}

/** The same for the attempts of its items. */
export function itemOrder(
  plan: Plan,
  step: PlanStep & { readonly foreach: Foreach },
): Pick<StepInput, 'run' | 'step' | 'concurrency'> {
  return stepOrder(plan, itemStep(step));
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
