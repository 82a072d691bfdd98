/** Checks what only all steps together show: circles, outputs that nobody makes, two exports of one name. Pure. */

import { child } from './located.ts';
import { listed } from './scope.ts';
import { didYouMean } from '../model/suggest.ts';

import type { CheckedStep, CheckedSteps } from './checked-step.ts';
import type { Problem } from '../model/errors.ts';

/** Problems between steps. */
export function checkGraph({ steps }: CheckedSteps): readonly Problem[] {
  const byId = new Map(steps.map((step) => [step.id, step]));
  return [
    ...circles(byId),
    ...missingOutputs(steps, byId),
    ...missingValues(steps, byId),
    ...sameExports(steps),
  ];
}

/** One circle of each knot of steps that need each other, named from its first step in the file. */
function circles(byId: ReadonlyMap<string, CheckedStep>): Problem[] {
  const order = new Map([...byId.keys()].map((id, i) => [id, i]));
  const knotted = withoutSatisfied(byId);
  const seen = new Set<string>();
  return [...knotted].flatMap((start): Problem[] => {
    const path: string[] = [];
    let here: string | undefined = start;
    // Every knotted step needs another one: the walk comes back, or meets an earlier walk.
    while (here !== undefined && !seen.has(here)) {
      seen.add(here);
      path.push(here);
      here = [...byId.get(here)!.needs.keys()].find((need) => knotted.has(need));
    }
    const entry = here === undefined ? -1 : path.indexOf(here);
    if (entry === -1) return [];
    const circle = path.slice(entry);
    const ranks = circle.map((id) => order.get(id)!);
    const first = ranks.reduce((best, rank, i) => (rank < ranks[best]! ? i : best), 0);
    const named = [...circle.slice(first), ...circle.slice(0, first + 1)];
    const at = byId.get(named[0]!)!.needs.get(named[1]!)!;
    const message = `steps need each other in a circle: ${named.join(' -> ')}`;
    return [{ code: 'CYCLE', ...at, message }];
  });
}

/** What is left when steps whose needs are all done are taken away, again and again; no recursion. */
function withoutSatisfied(byId: ReadonlyMap<string, CheckedStep>): ReadonlySet<string> {
  const open = new Map<string, number>();
  const feeds = new Map<string, string[]>();
  for (const [id, { needs }] of byId) {
    const inside = [...needs.keys()].filter((need) => byId.has(need));
    open.set(id, inside.length);
    for (const need of inside) {
      const fed = feeds.get(need);
      if (fed === undefined) feeds.set(need, [id]);
      else fed.push(id);
    }
  }
  const ready = [...open].filter(([, left]) => left === 0).map(([id]) => id);
  for (let id = ready.pop(); id !== undefined; id = ready.pop()) {
    open.delete(id);
    for (const fed of feeds.get(id) ?? []) {
      const left = open.get(fed)! - 1;
      open.set(fed, left);
      if (left === 0) ready.push(fed);
    }
  }
  return new Set(open.keys());
}

function missingOutputs(
  steps: readonly CheckedStep[],
  byId: ReadonlyMap<string, CheckedStep>,
): Problem[] {
  return steps.flatMap((step) =>
    step.outputs.flatMap(({ at, step: id, output }): Problem[] => {
      const maker = byId.get(id);
      if (maker?.options === undefined) return [];
      const names = maker.spec?.outputs?.(maker.options as never);
      if (names === undefined || names.includes(output)) return [];
      const hint = didYouMean(output, names);
      const message = `step '${id}' has no output '${output}'; ${listed(names)}`;
      return [{ code: 'UNKNOWN_REFERENCE', ...at, message, ...(hint !== undefined && { hint }) }];
    }),
  );
}

function missingValues(
  steps: readonly CheckedStep[],
  byId: ReadonlyMap<string, CheckedStep>,
): Problem[] {
  return steps.flatMap((step) =>
    step.values.flatMap(({ at, step: id, value }): Problem[] => {
      const maker = byId.get(id);
      if (maker?.options === undefined) return [];
      const names = maker.spec?.values?.(maker.options as never);
      if (names === undefined || names.includes(value)) return [];
      const hint = didYouMean(value, names);
      const message = `step '${id}' has no value '${value}'; ${listed(names)}`;
      return [{ code: 'UNKNOWN_REFERENCE', ...at, message, ...(hint !== undefined && { hint }) }];
    }),
  );
}

/** Names that every delivery uses itself. */
const RESERVED = Object.freeze(['manifest.json', 'run.json']);

function sameExports(steps: readonly CheckedStep[]): Problem[] {
  const problems: Problem[] = [];
  const owners = new Map(RESERVED.map((name) => [name, { id: '', path: name }]));
  for (const { id, at: step, located, spec, options } of steps) {
    if (options === undefined) continue;
    const at = child(child(located, 'with'), 'name')?.at ?? step;
    for (const path of spec?.exports?.(options as never) ?? []) {
      // Not every file system tells A from a.
      const key = path.toLowerCase();
      const clash = clashOf(key, owners);
      if (!owners.has(key)) owners.set(key, { id, path });
      if (clash === undefined) continue;
      problems.push({ code: 'DUPLICATE_EXPORT', ...at, message: clashText(clash, { id, path }) });
    }
  }
  return problems;
}

type Export = { readonly id: string; readonly path: string };

/** The export that has this name, or is the folder or a file of it: one name cannot be both. */
function clashOf(key: string, owners: ReadonlyMap<string, Export>): Export | undefined {
  const same = owners.get(key);
  if (same !== undefined) return same;
  const parts = key.split('/');
  const above = parts.slice(1).map((_, i) => parts.slice(0, i + 1).join('/'));
  const folder = above.find((each) => owners.has(each));
  if (folder !== undefined) return owners.get(folder);
  return [...owners].find(([name]) => name.startsWith(`${key}/`))?.[1];
}

function clashText(owner: Export, { id, path }: Export): string {
  const isSame = owner.path.toLowerCase() === path.toLowerCase();
  if (owner.id === '') {
    return isSame
      ? `step '${id}' exports ${path}, a name that every delivery uses itself; give it another name`
      : `step '${id}' exports ${path}, but ${owner.path} is a file of every delivery; give it another name`;
  }
  return isSame
    ? `steps '${owner.id}' and '${id}' both export ${path}; give one of them another name`
    : `step '${id}' exports ${path} and step '${owner.id}' ${owner.path}: one name cannot be a file and a folder; give one of them another name`;
}
