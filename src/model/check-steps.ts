/** Checks every step of a merged profile: its kind, its options, what it needs and reads. Pure. */

import { resolveCondition } from './conditions.ts';
import { child, entriesOf, itemsOf, textOf } from './located.ts';
import { resolveOptions } from './options.ts';
import { MAX_STEPS } from './profile.ts';
import { listed } from './scope.ts';
import { didYouMean } from './suggest.ts';

import type { CheckInput } from './check.ts';
import type { CheckedJob } from './check-job.ts';
import type { CheckedProfiles } from './check-profiles.ts';
import type { Problem } from './errors.ts';
import type { KindSpec } from './kind-spec.ts';
import type { Entry, Located, LocatedMap, Place } from './located.ts';
import type { PathUse, ResolvedOptions } from './options.ts';
import type { Condition, Json } from './plan.ts';
import type { StepUse } from './replace.ts';

export type CheckedStep = {
  readonly id: string;
  readonly at: Place;
  readonly located: Located;
  readonly spec: KindSpec | undefined;
  readonly options: Json | undefined;
  readonly when: Condition | undefined;
  /** Ids it needs, written or mentioned, with the place of the first mention. */
  readonly needs: ReadonlyMap<string, Place>;
  readonly reads: ReadonlySet<string>;
  /** Outputs it mentions, to be checked against the steps that make them. */
  readonly outputs: readonly {
    readonly at: Place;
    readonly step: string;
    readonly output: string;
  }[];
};

export type CheckedSteps = {
  readonly steps: readonly CheckedStep[];
  readonly paths: readonly PathUse[];
  readonly problems: readonly Problem[];
};

/** The steps in the order of the file, or what is wrong with them. */
export function checkSteps(
  input: CheckInput,
  job: CheckedJob,
  profiles: CheckedProfiles,
): CheckedSteps {
  const entries = entriesOf(child(profiles.root, 'steps'));
  const ids = new Set(entries.map(([id]) => id));
  const problems: Problem[] = [];
  const paths: PathUse[] = [];
  if (ids.size > MAX_STEPS) {
    const at = child(profiles.root, 'steps')!.at;
    const message = `the profile has ${ids.size} steps; at most ${MAX_STEPS} are supported`;
    problems.push({ code: 'TOO_MANY_STEPS', ...at, message });
  }
  const steps = entries.flatMap(([id, entry]) => {
    if (entry.value.kind !== 'map') return [];
    return [checkStep(id, entry, { input, job, ids, problems, paths })];
  });
  return { steps, paths, problems };
}

type Around = {
  readonly input: CheckInput;
  readonly job: CheckedJob;
  readonly ids: ReadonlySet<string>;
  readonly problems: Problem[];
  readonly paths: PathUse[];
};

function checkStep(id: string, entry: Entry, around: Around): CheckedStep {
  const { input, job, ids, problems, paths } = around;
  const located = entry.value;
  const scope = { ...job.scope, steps: ids };
  const spec = kindOf(id, entry, input.kinds, problems);
  const options = child(located, 'with');
  const resolved: ResolvedOptions = resolveOptions({
    id,
    spec,
    located: options?.kind === 'map' ? options : emptyMap(entry),
    at: located.kind === 'map' ? (located.entries.get('with')?.key ?? entry.key) : entry.key,
    scope,
    resolvePath: input.resolvePath,
  });
  problems.push(...resolved.problems);
  paths.push(...resolved.paths);

  const conditionUses: StepUse[] = [];
  const when = resolveCondition(child(located, 'when'), { scope, problems, uses: conditionUses });

  const needs = new Map<string, Place>();
  const reads = new Set<string>();
  const note = (step: string, at: Place): void => {
    if (!needs.has(step)) needs.set(step, at);
  };
  for (const item of itemsOf(child(located, 'needs'))) {
    const need = textOf(item);
    if (need === undefined) continue;
    if (ids.has(need)) note(need, item.at);
    else problems.push(unknownNeed(id, need, item.at, ids));
  }
  for (const { step, at } of resolved.tables) {
    if (!ids.has(step)) problems.push(unknownNeed(id, step, at, ids));
  }
  for (const { step, at } of [...resolved.uses, ...resolved.tables, ...conditionUses]) {
    if (!ids.has(step)) continue;
    note(step, at);
    reads.add(step);
  }
  for (const need of needs.keys()) if (resolved.names.has(need)) reads.add(need);

  const outputs = [
    ...resolved.uses.flatMap(({ at, step, part, name }) =>
      part === 'outputs' ? [{ at, step, output: name }] : [],
    ),
    ...resolved.tables.flatMap(({ at, step, output }) =>
      output === undefined ? [{ at, step, output: 'table' }] : [{ at, step, output }],
    ),
  ];
  return {
    id,
    at: entry.key,
    located,
    spec,
    options: resolved.options,
    when,
    needs,
    reads,
    outputs,
  };
}

function kindOf(
  id: string,
  entry: Entry,
  kinds: readonly KindSpec[],
  problems: Problem[],
): KindSpec | undefined {
  const uses = child(entry.value, 'uses');
  const names = kinds.map((kind) => kind.kind);
  if (uses === undefined) {
    const message = `step '${id}': the key 'uses' is missing; known kinds: ${names.join(', ')}`;
    problems.push({ code: 'MISSING_KEY', ...entry.key, message });
    return undefined;
  }
  const name = textOf(uses);
  if (name === undefined) return undefined;
  const found = kinds.find((kind) => kind.kind === name);
  if (found === undefined) {
    const hint = didYouMean(name, names);
    const message = `unknown kind '${name}'; known kinds: ${names.join(', ')}`;
    problems.push({
      code: 'UNKNOWN_KIND',
      ...uses.at,
      message,
      ...(hint !== undefined && { hint }),
    });
  }
  return found;
}

function unknownNeed(id: string, need: string, at: Place, ids: ReadonlySet<string>): Problem {
  const others = [...ids].filter((other) => other !== id);
  const hint = didYouMean(need, others);
  const message = `step '${id}' needs '${need}', which is no step of this profile; ${listed(others)}`;
  return { code: 'UNKNOWN_NEED', ...at, message, ...(hint !== undefined && { hint }) };
}

function emptyMap(entry: Entry): LocatedMap {
  return { kind: 'map', at: entry.key, entries: new Map() };
}
