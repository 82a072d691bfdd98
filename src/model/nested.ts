/**
 * A profile that is a step: the plan of its own steps, and what they are called. Pure.
 *
 * 1. A step's name in the run is its id behind those of the steps it is within: `north/clean`. It is unique in the run.
 * 2. A path is such a name as the plan knows it. A step may use results of steps around its profile; it names them by
 *    their paths, in `takes` and, with a caret before it, in references: `steps.^north/count.values.rows`.
 */

import { mentionsIn } from './condition.ts';
import { MAIN_OUTPUT } from './plan.ts';
import { isRef, mentionOf, nodesIn } from './plan-nodes.ts';

import type { Condition, NestedProfile, Plan, PlanStep } from './plan.ts';
import type { StepInput, StepResult } from './step-result.ts';

/** Stands before the path of a step around the profile, where the id of a step is expected. */
const OUTER = '^';

/** A step's name in the run. */
export function nameIn(within: string | undefined, id: string): string {
  return within === undefined ? id : `${within}/${id}`;
}

/** A name as a part of a file's name. */
export function fileNameOf(name: string): string {
  return name.replaceAll('/', '.');
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
    concurrency: Math.min(concurrency, plan.concurrency),
    onFailure,
    budgets: {},
    steps,
    run: { ...run, previousRows: {}, within: nameIn(plan.run.within, step.id) },
  };
}

/** Every step of a plan, those of nested profiles behind the step that they belong to, each with the plan it is in. */
export function allSteps(plan: Plan): readonly (readonly [plan: Plan, step: PlanStep])[] {
  return plan.steps.flatMap((step) => [
    [plan, step] as const,
    ...(step.nested === undefined ? [] : allSteps(nestedPlan(plan, step, step.nested))),
  ]);
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
