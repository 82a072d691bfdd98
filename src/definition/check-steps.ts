/** Checks every step of a merged profile: its kind, its options, what it needs and reads. Pure. */

import { checkForeach, gathering } from './check-foreach.ts';
import { resolveCondition } from './conditions.ts';
import { outcomeProblems, waitForAll } from './handlers.ts';
import { child, entriesOf, itemsOf, textOf } from './located.ts';
import { tooManySteps } from './many-steps.ts';
import { resolveOptions } from './options.ts';
import { specOf } from './profile-kind.ts';
import { hasReference } from './reference.ts';
import { listed } from './scope.ts';
import { isBeside, kindOf } from './step-kind.ts';
import { MAIN_OUTPUT, PROFILE_KIND } from '../model/plan.ts';
import { didYouMean } from '../model/suggest.ts';

import type { CheckInput } from './check-input.ts';
import type { CheckedJob } from './check-job.ts';
import type { CheckedProfiles } from './check-profiles.ts';
import type { Problem } from '../model/errors.ts';
import type { Handling } from './handlers.ts';
import type { Entry, Located, LocatedMap, Place } from './located.ts';
import type { PathUse, ResolvedOptions } from './options.ts';
import type { Scope } from './scope.ts';
import type { Around, CheckedStep, CheckedSteps, NestedOf } from './checked-step.ts';
import type { StepUse } from './replace.ts';

/** The steps in the order of the file, or what is wrong with them. */
export function checkSteps(
  input: CheckInput,
  job: CheckedJob,
  profiles: CheckedProfiles,
  {
    nestedOf,
    taken = [],
  }: {
    /** What a step is made of that is a profile; undefined, with a problem, where that cannot be told. */
    readonly nestedOf: NestedOf;
    /** Names of tables that the profile is given as a step. */
    readonly taken?: readonly string[];
  },
): CheckedSteps {
  const entries = entriesOf(child(profiles.root, 'steps'));
  const ids = new Set([...entries.map(([id]) => id), ...taken]);
  const problems: Problem[] = [];
  const paths: PathUse[] = [];
  const tooMany = tooManySteps(child(profiles.root, 'steps'));
  if (tooMany !== undefined) problems.push(tooMany);
  const steps = entries.flatMap(([id, entry]) => {
    if (entry.value.kind !== 'map') return [];
    return [checkStep(id, entry, { input, job, profiles, ids, problems, paths, nestedOf })];
  });
  problems.push(...steps.flatMap((step) => takenProblems(step, taken)));
  waitForAll(steps.map(({ handling }) => handling));
  const inputs = new Set(job.scope.inputs.values());
  return {
    steps,
    // Those of the job's inputs are looked for where the job names them.
    paths: paths.filter(({ path }) => !inputs.has(path)),
    problems,
  };
}

/** A table that the profile is given is a table, and no step. */
function takenProblems(
  { outputs, values, handling }: CheckedStep,
  taken: readonly string[],
): readonly Problem[] {
  const isTaken = ({ step }: { readonly step: string }): boolean => taken.includes(step);
  const told = [...handling.inCondition, ...handling.inOptions].flatMap((use) =>
    use.part === 'outcome' ? [use] : [],
  );
  const wrong = [
    ...outputs.filter((use) => isTaken(use) && use.output !== MAIN_OUTPUT),
    ...values.filter(isTaken),
    ...told.filter(isTaken),
  ];
  return wrong.map(({ at, step }) => {
    const message = `'${step}' is a table that the profile is given: it has no other outputs, no values and no status`;
    return { code: 'BAD_REFERENCE', ...at, message };
  });
}

function checkStep(id: string, entry: Entry, around: Around): CheckedStep {
  const { input, job, ids, problems, paths } = around;
  const { complete } = around.profiles;
  const located = entry.value;
  const kind = kindOf(id, entry, around);
  const foreach = checkForeach(id, child(located, 'foreach'), kind, {
    scope: { ...job.scope, steps: ids },
    problems,
  });
  const scope: Scope = {
    ...job.scope,
    steps: ids,
    ...(foreach === undefined ? {} : { item: foreach.item }),
  };
  const options = child(located, 'with');
  const resolved: ResolvedOptions = resolveOptions({
    id,
    // Options that are no mapping, or stand beside `with`, are reported with the shape of the file.
    spec:
      (options === undefined && !isBeside(located, kind)) || options?.kind === 'map'
        ? kind
        : undefined,
    located: options?.kind === 'map' ? options : emptyMap(entry),
    at: located.kind === 'map' ? (located.entries.get('with')?.key ?? entry.key) : entry.key,
    scope,
    resolvePath: input.resolvePath,
  });
  problems.push(...resolved.problems);
  paths.push(...resolved.paths);

  const conditionUses: StepUse[] = [];
  const when = resolveCondition(id, child(located, 'when'), {
    scope,
    problems,
    uses: conditionUses,
  });

  const needs = new Map<string, Place>();
  const reads = new Set<string>();
  const note = (step: string, at: Place): void => {
    if (!needs.has(step)) needs.set(step, at);
  };
  for (const item of itemsOf(child(located, 'needs'))) {
    const need = textOf(item);
    if (need === undefined) continue;
    if (ids.has(need)) note(need, item.at);
    else if (complete && !hasReference(need)) problems.push(unknownNeed(id, need, item.at, around));
  }
  const ofItems = foreach?.table === undefined ? [] : [foreach.table];
  for (const { step, at } of [...resolved.tables, ...ofItems]) {
    if (!ids.has(step) && complete) problems.push(unknownNeed(id, step, at, around));
  }
  const told = resolved.uses.flatMap((use) => (use.part === 'outcome' ? [use] : []));
  for (const { step, at } of [...read(resolved.uses), ...resolved.tables]) {
    if (!ids.has(step)) continue;
    note(step, at);
    reads.add(step);
  }
  // A condition decides whether the step runs, not what it makes: it is no part of the fingerprint.
  for (const use of [...told, ...conditionUses]) {
    if (use.part !== 'run' && ids.has(use.step)) note(use.step, use.at);
  }
  for (const { step, at } of ofItems) if (ids.has(step)) note(step, at);
  for (const need of needs.keys()) if (isNamed(need, resolved.names)) reads.add(need);
  // The table of the items is read to find them, not by each of them.
  const itemReads = new Set(reads);
  for (const { step } of ofItems) if (ids.has(step)) reads.add(step);

  const outputs = [
    ...read(resolved.uses).flatMap(({ at, step, part, name }) =>
      part === 'outputs' ? [{ at, step, output: name }] : [],
    ),
    ...[...resolved.tables, ...ofItems].flatMap(({ at, step, output }) =>
      output === undefined ? [{ at, step, output: 'table' }] : [{ at, step, output }],
    ),
  ];
  const runIf = textOf(child(located, 'run_if'));
  const handling: Handling = {
    id,
    runIf: runIf === 'failed' || runIf === 'always' ? runIf : undefined,
    at: child(located, 'run_if')?.at ?? entry.key,
    inCondition: conditionUses,
    inOptions: resolved.uses,
    needs,
  };
  problems.push(...outcomeProblems(handling), ...limitProblems(id, located, input.limits));
  const nested =
    kind?.kind === PROFILE_KIND
      ? around.nestedOf({ id, entry, options: resolved.options, uses: resolved.uses }, around)
      : undefined;
  const spec = nested === undefined ? kind : specOf(nested.gives);
  return {
    id,
    at: entry.key,
    located,
    ...(nested === undefined ? {} : { nested }),
    spec: spec === undefined || foreach === undefined ? spec : gathering(spec, foreach),
    options: resolved.options,
    ...(foreach === undefined ? {} : { foreach: { ...foreach, reads: itemReads } }),
    when,
    handling,
    needs,
    reads,
    outputs,
    values: read([...resolved.uses, ...conditionUses]).flatMap(({ at, step, part, name }) =>
      part === 'values' ? [{ at, step, value: name }] : [],
    ),
    queries: resolved.queries,
  };
}

/** A limit that builder.yaml does not have. */
function limitProblems(
  id: string,
  located: Located,
  limits: CheckInput['limits'],
): readonly Problem[] {
  const at = child(located, 'uses_limit')?.at;
  const name = textOf(child(located, 'uses_limit'));
  if (limits === undefined || at === undefined || name === undefined) return [];
  if (Object.hasOwn(limits, name)) return [];
  const known = Object.keys(limits);
  const listing = known.length === 0 ? 'it has no limits' : `its limits: ${known.join(', ')}`;
  const message = `step '${id}' uses the limit '${name}', which builder.yaml does not have; ${listing}`;
  const hint = didYouMean(name, known) ?? `Write it into builder.yaml: limits: { ${name}: 2 }`;
  return [{ code: 'UNKNOWN_LIMIT', ...at, message, hint }];
}

/** The mentions of what a step made. */
function read(uses: readonly StepUse[]): readonly (StepUse & { part: 'outputs' | 'values' })[] {
  return uses.flatMap((use) => (use.part === 'outputs' || use.part === 'values' ? [use] : []));
}

/** A query names a step as `id`, `id.output` or `"id.output"`. */
function isNamed(id: string, names: ReadonlySet<string>): boolean {
  return names.has(id) || [...names].some((name) => name.startsWith(`${id}.`));
}

function unknownNeed(id: string, need: string, at: Place, { ids, profiles }: Around): Problem {
  const others = [...ids].filter((other) => other !== id);
  const file = profiles.removed.get(need);
  const hint = file === undefined ? didYouMean(need, others) : `${file} removes it.`;
  const message = `step '${id}' needs '${need}', which is no step of this profile; ${listed(others)}`;
  return { code: 'UNKNOWN_NEED', ...at, message, ...(hint !== undefined && { hint }) };
}

function emptyMap(entry: Entry): LocatedMap {
  return { kind: 'map', at: entry.key, entries: new Map() };
}
