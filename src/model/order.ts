/** What a command orders, cut into the parts that single activities get: each part can be authenticated alone. Pure. */

import { itemStep } from './items.ts';
import { placesOf } from './nested.ts';
import { MAIN_OUTPUT } from './plan.ts';

import type { RunKey } from './events.ts';
import type { Foreach, NestedProfile, Plan, PlanStep } from './plan.ts';
import type {
  ArtifactRef,
  DeliverFile,
  DeliverInput,
  GiveInput,
  StepInput,
  StepResult,
} from './step-result.ts';

/** The part of a plan that the attempts of one step are given. */
export function stepOrder(
  plan: Plan,
  step: PlanStep,
): Pick<StepInput, 'run' | 'step' | 'concurrency'> {
  return { run: runOf(plan, step), step, concurrency: placesOf(plan) };
}

function runOf(plan: Plan, step: Pick<PlanStep, 'id' | 'reads' | 'limit'>): StepInput['run'] {
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
    ...asideOf(plan),
    ...limitOf(plan, step),
    previousRows: only(previousRows, step.reads),
    ...(previousResult === undefined ? {} : { previousResult }),
  };
}

/** The same for the attempts of its items. */
export function itemOrder(
  plan: Plan,
  step: PlanStep & { readonly foreach: Foreach },
): Pick<StepInput, 'run' | 'step' | 'concurrency'> {
  return stepOrder(plan, itemStep(step));
}

/** The part of a plan that is given to who makes the result of a step that is a profile. */
export function giveOrder(
  plan: Plan,
  { id, lays, nested }: PlanStep & { readonly nested: NestedProfile },
): Pick<GiveInput, 'run' | 'step'> {
  const { gives, steps } = nested;
  const run = runOf(plan, { id, reads: [] });
  const ids = steps.map((step) => step.id);
  return { run, step: { id, ...(lays === undefined ? {} : { lays }), gives, steps: ids } };
}

/** The part of a plan that its delivery is given. */
export function deliverOrder(plan: Plan): Pick<DeliverInput, 'plan' | 'planSha256'> {
  const { job, profile, partition, only: chosen, params, run } = plan;
  const { tags: _, ...rest } = run;
  const cut = partition === undefined ? {} : { partition };
  const some = chosen === undefined ? {} : { only: chosen };
  return { plan: { job, profile, ...cut, ...some, params, run: rest }, planSha256: run.planSha256 };
}

/** The part of a plan that its events are told with. */
export function runOrder(plan: Plan): Omit<RunKey, 'tag'> {
  const { id, generation, profile = plan.profile } = plan.run;
  return { runId: id, generation, job: plan.job, profile, ...asideOf(plan) };
}

function limitOf(
  { run }: Plan,
  { limit: name }: Pick<PlanStep, 'limit'>,
): Pick<StepInput['run'], 'limit'> {
  const most = name === undefined ? undefined : run.limits?.[name];
  return name === undefined || most === undefined ? {} : { limit: { name, most } };
}

/** What is said of a run of some steps alone wherever runs are counted: it is none of its pipeline's. */
function asideOf({ only: chosen }: Pick<Plan, 'only'>): { readonly aside?: true } {
  return chosen === undefined ? {} : { aside: true };
}

/** The files that a step's result adds to the delivery, or to the folder of a run of some steps. */
export function deliverFilesOf(
  { id, lays }: Pick<PlanStep, 'id' | 'lays'>,
  result: StepResult,
): readonly DeliverFile[] {
  return Object.entries(result.outputs).flatMap(([output, artifact]) => {
    const { fingerprint } = result;
    const { deliver, from = id } = artifact;
    if (deliver !== undefined) {
      const path = lays === undefined ? deliver : `${EXPORTS}/${deliver}`;
      return [{ path, artifact, from, fingerprint, output }];
    }
    if (lays !== 'all' || output.includes('.')) return [];
    return [{ path: layPath(id, output, artifact), artifact, from, fingerprint, output }];
  });
}

/** Where exports lie in the folder of a run of some steps: no result of a step has this name. */
const EXPORTS = 'exports';

/** `clean.parquet`, `clean.report.csv`; a file of no known form and a folder have no extension. */
function layPath(step: string, output: string, { format }: ArtifactRef): string {
  const name = output === MAIN_OUTPUT ? step : `${step}.${output}`;
  if (format !== 'file' && format !== 'tree') return `${name}.${format}`;
  return output === MAIN_OUTPUT ? `${step}.${output}` : name;
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
