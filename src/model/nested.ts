/**
 * A profile that is a step: the plan of its own steps, and what they are called. Pure.
 *
 * 1. A step's name in the run is its id behind those of the steps it is within: `north/clean`. It is unique in the run.
 * 2. A path is such a name as the plan knows it. A step may use results of steps around its profile; it names them by
 *    their paths, in `takes` and, with a caret before it, in references: `steps.^north/count.values.rows`.
 */

import { mentionsIn } from './condition.ts';
import { itemName, mostAtOnce } from './items.ts';
import { MAIN_OUTPUT } from './plan.ts';
import { isRef, mentionOf, nodesIn } from './plan-nodes.ts';

import type { RunEvent } from './events.ts';
import type { Condition, NestedProfile, Plan, PlanStep } from './plan.ts';
import type { ArtifactRef, StepInput, StepResult } from './step-result.ts';

/** Stands before the path of a step around the profile, where the id of a step is expected. */
const OUTER = '^';

/** A step's name in the run. */
export function nameIn(within: string | undefined, id: string): string {
  return within === undefined ? id : `${within}/${id}`;
}

/** The name in the run of whoever is tried: a step, or one item of it. */
export function fullName({
  run,
  step,
  item,
}: {
  readonly run: { readonly within?: string };
  readonly step: Pick<PlanStep, 'id'>;
  readonly item?: { readonly index: number } | undefined;
}): string {
  return nameIn(run.within, itemName(step.id, item?.index));
}

/** A name as the plan knows it: without what tells one item from another. */
export function planName(name: string): string {
  return name.replaceAll(/\[\d+\]/g, '');
}

/** A name as a relative path without extension: a folder for the items of a step. */
export function filePathOf(name: string): string {
  return name.replaceAll('/', '.').replaceAll(/\[(\d+)\]/g, '/$1');
}

/** The same as the name of one file. */
export function fileNameOf(name: string): string {
  return filePathOf(name).replaceAll('/', '.');
}

/** What the references of a nested profile call a step around it. */
export function outerId(path: string): string {
  return `${OUTER}${path}`;
}

/** The path behind such a word; undefined: it is the id of a step beside it. */
export function pathOf(id: string): string | undefined {
  return id.startsWith(OUTER) ? id.slice(OUTER.length) : undefined;
}

/** The name in the run of what a step within `within` knows by a path. */
export function nameOfPath(within: string | undefined, path: string): string {
  const ids = path.split('/');
  const around = (within ?? '').split('/').slice(0, ids.length - 1);
  return [...around, ids.at(-1)].join('/');
}

/** The plan of the steps of a nested profile; a run of it is a part of the run of `plan`. */
export function nestedPlan(plan: Plan, step: PlanStep, nested: NestedProfile): Plan {
  const { profile, concurrency, onFailure, steps } = nested;
  const { previousResults: _, ...run } = plan.run;
  return {
    ...plan,
    profile,
    concurrency,
    onFailure,
    budgets: {},
    steps,
    run: {
      ...run,
      previousRows: {},
      within: nameIn(plan.run.within, step.id),
      places: placesOf(plan),
      profile: plan.run.profile ?? plan.profile,
    },
  };
}

/** Attempts that may run at once in the run that a plan, or a part of it, is of. */
export function placesOf(plan: Plan): number {
  return plan.run.places ?? mostAtOnce(plan);
}

/** Events of the steps of a plan as everybody is told them. */
export function insideOf(
  { profile, run: { within } }: { readonly profile: string; readonly run: { within?: string } },
  events: readonly RunEvent[],
): readonly RunEvent[] {
  if (within === undefined) return events;
  const inside = { within, profile };
  return events.map((event) => ('inside' in event ? event : { ...event, inside }));
}

/** Every step of a plan, those of nested profiles behind the step that they belong to, each with the plan it is in. */
export function allSteps(plan: Plan): readonly (readonly [plan: Plan, step: PlanStep])[] {
  return plan.steps.flatMap((step) => [
    [plan, step] as const,
    ...(step.nested === undefined ? [] : allSteps(nestedPlan(plan, step, step.nested))),
  ]);
}

/** A step with its name in the run, and the profile that it is a step of. */
export type NamedStep = {
  readonly name: string;
  readonly within?: string;
  readonly profile: string;
  readonly step: PlanStep;
};

/** As `allSteps`, by name, of a plan that belongs to no run yet. */
export function namedSteps(
  { profile, steps }: Pick<Plan, 'profile' | 'steps'>,
  within?: string,
): readonly NamedStep[] {
  return steps.flatMap((step) => {
    const name = nameIn(within, step.id);
    const { nested } = step;
    const place = within === undefined ? {} : { within };
    return [
      { name, ...place, profile, step },
      ...(nested === undefined ? [] : namedSteps(nested, name)),
    ];
  });
}

/** What a profile gives of what its steps made, by the names it gives it under. Of what was not made nothing is given. */
export function givenOf<T extends Pick<StepResult, 'outputs' | 'values'>>(
  { outputs, values }: NestedProfile['gives'],
  made: (step: string) => T | undefined,
): Pick<StepResult, 'outputs' | 'values'> & {
  /** Of each output the one that it is. */
  readonly from: Readonly<Record<string, { readonly of: T; readonly output: string }>>;
} {
  const given: Record<string, ArtifactRef> = {};
  const from: Record<string, { readonly of: T; readonly output: string }> = {};
  for (const [name, { step, output }] of Object.entries(outputs)) {
    const of = made(step);
    for (const [own, ref] of Object.entries(of?.outputs ?? {})) {
      // The Parquet twin of a text goes with it.
      if (of === undefined || (own !== output && !own.startsWith(`${output}.`))) continue;
      given[`${name}${own.slice(output.length)}`] = ref;
      from[`${name}${own.slice(output.length)}`] = { of, output: own };
    }
  }
  const said = Object.entries(values).flatMap(([name, { step, value }]) => {
    const found = made(step)?.values ?? {};
    return Object.hasOwn(found, value) ? [[name, found[value]!] as const] : [];
  });
  return { outputs: given, values: Object.fromEntries(said), from };
}

/** How deep the steps of a plan lie: 0 for those of the run itself. */
export function depthOf(within: string | undefined): number {
  return within === undefined ? 0 : within.split('/').length;
}

/** The paths of the steps around its profile that a step, or a step within it, uses results of. */
export function outerPaths(step: PlanStep, depth: number): readonly string[] {
  const { takes = {}, options, when, nested } = step;
  const mentions = [
    ...nodesIn(options).flatMap((node) => (isRef(node) ? (mentionOf(node) ?? []) : [])),
    ...(when === undefined ? [] : mentionsIn(when)),
  ];
  const named = mentions.flatMap((mention) =>
    mention.part === 'run' ? [] : (pathOf(mention.step) ?? []),
  );
  // What lies beside the step is given to those within it by the step's own needs.
  const within = (nested?.steps ?? [])
    .flatMap((inner) => outerPaths(inner, depth + 1))
    .filter((path) => depthOf(path) - 1 < depth);
  return [...new Set([...Object.values(takes).map(({ step: path }) => path), ...named, ...within])];
}

/**
 * Everything that a step reads, as its options and queries call it: results of steps beside it, the tables its profile
 * takes, and what else it names of steps around that.
 */
export function inputsOf({
  step,
  inputs,
  outer = {},
}: Pick<StepInput, 'step' | 'inputs'> & {
  readonly outer?: StepInput['outer'] | undefined;
}): Readonly<Record<string, StepResult>> {
  const taken = Object.entries(step.takes ?? {}).flatMap(([name, { step: path, output }]) => {
    const result = outer[path];
    return result === undefined ? [] : [[name, onlyTable(result, output)] as const];
  });
  const outputs = new Map<string, Set<string>>();
  for (const node of nodesIn(step.options)) {
    const mention = isRef(node) ? mentionOf(node) : undefined;
    if (mention === undefined || mention.part === 'run') continue;
    const path = pathOf(mention.step);
    if (path === undefined) continue;
    const of = outputs.get(path) ?? new Set();
    outputs.set(path, mention.part === 'outputs' ? of.add(mention.name) : of);
  }
  const named = [...outputs].flatMap(([path, names]) => {
    const result = outer[path];
    if (result === undefined) return [];
    const those = Object.entries(result.outputs).filter(([name]) => names.has(name));
    return [[outerId(path), { ...result, outputs: Object.fromEntries(those) }] as const];
  });
  return { ...inputs, ...Object.fromEntries([...taken, ...named]) };
}

/** The result of which one output is the main one, and nothing else is there. */
function onlyTable(result: StepResult, output: string): StepResult {
  const outputs = Object.entries(result.outputs).flatMap(([name, ref]) => {
    if (name === output) return [[MAIN_OUTPUT, ref] as const];
    // The Parquet twin of a text goes with it.
    return name.startsWith(`${output}.`)
      ? [[`${MAIN_OUTPUT}${name.slice(output.length)}`, ref] as const]
      : [];
  });
  return { ...result, values: {}, outputs: Object.fromEntries(outputs) };
}

/** A condition with the values of steps around its profile in their places; what is missing stays open. */
export function conditionWith(
  condition: Condition,
  outer: Readonly<Record<string, StepResult>>,
): Condition {
  if ('all' in condition) return { all: condition.all.map((each) => conditionWith(each, outer)) };
  if ('any' in condition) return { any: condition.any.map((each) => conditionWith(each, outer)) };
  if ('not' in condition) return { not: conditionWith(condition.not, outer) };
  const mention = isRef(condition.value) ? mentionOf(condition.value) : undefined;
  if (mention?.part !== 'values') return condition;
  const path = pathOf(mention.step);
  const values = path === undefined ? undefined : outer[path]?.values;
  const value = values !== undefined && Object.hasOwn(values, mention.name);
  return value ? { ...condition, value: values[mention.name]! } : condition;
}
