/**
 * Checks a profile that is used as a step: the profile itself as any, with the parameters and tables that the step
 * gives it, and what it gives back. Pure.
 */

import { nameIn, outerId, pathOf } from '../model/nested.ts';
import { isConcat, isRef, mentionOf, refTo, withRefs } from '../model/plan-nodes.ts';
import { MAIN_OUTPUT } from '../model/plan.ts';
import { didYouMean } from '../model/suggest.ts';
import { checkGraph } from './check-graph.ts';
import { checkProfiles } from './check-profiles.ts';
import { checkSteps } from './check-steps.ts';
import { givesOf } from './gives.ts';
import { child, entriesOf, itemsOf, textOf } from './located.ts';
import { isOfType, TYPE_WORDS } from './params.ts';
import { hasReference } from './reference.ts';
import { listed } from './scope.ts';

import type { CheckedJob } from './check-job.ts';
import type { CheckedProfiles } from './check-profiles.ts';
import type {
  Around,
  CheckedStep,
  CheckedSteps,
  MaybeNested,
  CheckedNested,
} from './checked-step.ts';
import type { Entry, Located, Place } from './located.ts';
import type { ProfileOptions } from './profile-kind.ts';
import type { GivenNode } from './scope.ts';
import type { Problem } from '../model/errors.ts';
import type { Json, Scalar, StepOutputName } from '../model/plan.ts';

/** A profile that takes tables is no run of its own. */
export function takesAlone({ root }: CheckedProfiles): readonly Problem[] {
  const takes = child(root, 'takes');
  const names = itemsOf(takes).flatMap((item) => textOf(item) ?? []);
  if (takes === undefined || names.length === 0) return [];
  const message = `this profile takes the tables ${names.join(', ')}, so it can only be a step of another profile (uses: profile)`;
  return [{ code: 'BAD_VALUE', ...takes.at, message }];
}

/** What the step is made of; undefined, with a problem, where its profile cannot be read. */
export function checkNested(step: MaybeNested, around: Around): CheckedNested | undefined {
  const { id, entry } = step;
  const { input, job, problems } = around;
  const written = child(entry.value, 'with');
  problems.push(...keyProblems(step), ...outcomeUses(step));
  const named = child(written, 'profile');
  const name = textOf(named);
  if (named === undefined || name === undefined) return undefined;
  if (hasReference(name)) {
    const message = `step '${id}': the name of its profile stands as it is; no reference can stand here`;
    problems.push({ code: 'BAD_REFERENCE', ...named.at, message });
    return undefined;
  }
  const found = input.profileNamed?.(name, named.at) ?? { wrong: NOT_HERE };
  if ('wrong' in found) {
    problems.push({ ...found.wrong, ...named.at });
    return undefined;
  }
  const above = input.around ?? [input.profiles.at(-1)?.path ?? ''];
  const own = found.files.at(-1)?.path ?? '';
  if (above.includes(own)) {
    const circle = [...above.slice(above.indexOf(own)), own].join(' -> ');
    const message = `profiles are steps of each other in a circle: ${circle}`;
    problems.push({ code: 'CYCLE', ...named.at, message });
    return undefined;
  }
  const path = nameIn(job.scope.nested?.path, id);
  const used = new Set<string>();
  const inner: CheckedJob = givenParams(step, { job, path, used, problems });
  const within = {
    ...input,
    profiles: found.files,
    complete: found.complete,
    around: [...above, own],
  };
  const profiles = checkProfiles(within, inner, 0);
  problems.push(...profiles.problems);
  const takes = takenTables(step, profiles, problems);
  const steps = checkSteps(within, inner, profiles, {
    nestedOf: checkNested,
    taken: [...takes.keys()],
  });
  problems.push(
    ...steps.problems,
    ...checkGraph(steps),
    ...exportProblems(id, steps),
    ...(child(entry.value, 'foreach') === undefined ? [] : itemProblems(id, steps)),
  );
  around.paths.push(...steps.paths);
  if (profiles.complete) problems.push(...unusedParams(step, used));
  return {
    profiles,
    steps,
    takes,
    path,
    gives: givesOf({ profiles, steps, scope: inner.scope, taken: takes, problems }),
  };
}

const NOT_HERE = Object.freeze({
  code: 'UNKNOWN_KIND',
  message: 'no step can be a profile here: there are no files to find it in',
} as const);

/** Keys that say how an activity is tried. */
function keyProblems({ id, entry }: MaybeNested): readonly Problem[] {
  const words = {
    retry:
      "whose steps are retried by themselves and never done twice; give the step that may fail its 'retry', in that profile",
    uses_limit:
      "whose steps are what works; give those that need the limit 'uses_limit', in that profile",
  };
  return Object.entries(words).flatMap(([key, why]): readonly Problem[] => {
    const found = child(entry.value, key);
    if (found === undefined) return [];
    return [{ code: 'BAD_VALUE', ...found.at, message: `step '${id}' is a profile, ${why}` }];
  });
}

function outcomeUses({ id, uses }: MaybeNested): readonly Problem[] {
  return uses.flatMap((use) =>
    use.part === 'outcome' || use.part === 'run'
      ? [
          {
            code: 'BAD_REFERENCE' as const,
            ...use.at,
            message: `step '${id}': how a step ended cannot be given to a profile; a step with run_if beside it can tell it`,
          },
        ]
      : [],
  );
}

/** The job as the profile sees it: with the parameters that the step gives. */
function givenParams(
  { id, entry, options }: MaybeNested,
  {
    job,
    path,
    used,
    problems,
  }: {
    readonly job: CheckedJob;
    readonly path: string;
    readonly used: Set<string>;
    readonly problems: Problem[];
  },
): CheckedJob {
  const { scope } = job;
  const params = new Map(scope.params);
  const open = new Map(scope.nested?.open);
  const values = (options as ProfileOptions | undefined)?.params ?? {};
  for (const [name, { value: located }] of paramsOf(entry)) {
    const value = Object.hasOwn(values, name) ? (values[name] as Json) : undefined;
    open.delete(name);
    const type = job.params.get(name)?.type;
    if (isRef(value) || isConcat(value)) {
      params.delete(name);
      open.set(name, seenInside(value, scope.nested?.path));
    } else if (value !== undefined && type !== undefined && !isOfType(value as Scalar, type)) {
      const message = `step '${id}': params.${name}: ${JSON.stringify(value)} is not of its type ${type}; expected ${TYPE_WORDS[type]}`;
      problems.push({ code: 'WRONG_TYPE', ...located.at, message });
      params.set(name, undefined);
    } else params.set(name, value as Scalar | undefined);
  }
  const onParam = (name: string): void => {
    used.add(name);
    // What the step hands on is used where it is written.
    scope.nested?.onParam(name);
  };
  return { ...job, scope: { ...scope, params, nested: { step: id, path, open, onParam } } };
}

function paramsOf(entry: Entry): readonly (readonly [string, Entry])[] {
  return entriesOf(child(child(entry.value, 'with'), 'params'));
}

/** A reference as those in the profile write it: steps beside the step are around them. */
function seenInside(node: GivenNode, path: string | undefined): GivenNode {
  return withRefs(node, (ref) => {
    const mention = mentionOf(ref);
    if (mention?.part !== 'outputs' && mention?.part !== 'values') return ref;
    if (pathOf(mention.step) !== undefined) return ref;
    return refTo({ ...mention, step: outerId(nameIn(path, mention.step)) });
  });
}

function unusedParams(
  { id, entry, options }: MaybeNested,
  used: ReadonlySet<string>,
): readonly Problem[] {
  const { profile = '' } = (options as ProfileOptions | undefined) ?? {};
  return paramsOf(entry).flatMap(([name, { key }]): readonly Problem[] => {
    if (options === undefined || used.has(name)) return [];
    const hint = didYouMean(name, used);
    const message = `step '${id}' gives the parameter '${name}', which no step of the profile ${profile} names; ${listed([...used])}`;
    return [{ code: 'UNKNOWN_KEY', ...key, message, ...(hint && { hint }) }];
  });
}

/** Each table that the profile takes, as the step gives it. */
function takenTables(
  { id, entry, options }: MaybeNested,
  { root, complete }: CheckedProfiles,
  problems: Problem[],
): ReadonlyMap<string, StepOutputName> {
  const written = child(entry.value, 'with');
  const given = new Map(entriesOf(child(written, 'tables')));
  const tables = (options as ProfileOptions | undefined)?.tables ?? {};
  const takes = new Map<string, StepOutputName>();
  const own = new Set(entriesOf(child(root, 'steps')).map(([step]) => step));
  for (const item of itemsOf(child(root, 'takes'))) {
    const name = textOf(item);
    if (name === undefined) continue;
    if (own.has(name)) {
      const message = `the profile takes a table '${name}' and has a step of that name; give one of them another name`;
      problems.push({ code: 'BAD_VALUE', ...item.at, message });
      continue;
    }
    const [step = '', output = MAIN_OUTPUT] = (tables[name] ?? '').split('.');
    takes.set(name, { step, output });
    if (!given.has(name)) {
      const message = `step '${id}' (profile): tables: the key '${name}' is missing; the profile takes it`;
      problems.push({ code: 'MISSING_KEY', ...placeOf(written, entry), message });
    }
  }
  for (const [name, { key }] of given) {
    if (takes.has(name) || !complete || own.has(name)) continue;
    const known = [...takes.keys()];
    const hint = didYouMean(name, known);
    const message = `step '${id}' (profile): tables: the profile takes no table '${name}'; ${known.length === 0 ? 'it takes none' : listed(known)}`;
    problems.push({ code: 'UNKNOWN_KEY', ...key, message, ...(hint && { hint }) });
  }
  return takes;
}

function placeOf(written: Located | undefined, entry: Entry): Place {
  return child(written, 'tables')?.at ?? written?.at ?? entry.key;
}

/** An item has no items. */
function itemProblems(id: string, { steps }: CheckedSteps): readonly Problem[] {
  return steps.flatMap((step): readonly Problem[] => {
    const inner = step.nested === undefined ? [] : itemProblems(id, step.nested.steps);
    const foreach = child(step.located, 'foreach');
    if (foreach === undefined) return inner;
    const message = `step '${step.id}' has a foreach, and its profile is done for each item of one already (step '${id}'); make one list of both`;
    return [...inner, { code: 'BAD_VALUE', ...foreach.at, message }];
  });
}

/** Only the run's own profile delivers. */
function exportProblems(id: string, { steps }: CheckedSteps): readonly Problem[] {
  return steps.flatMap((step: CheckedStep) => {
    const { spec, options } = step;
    if (options === undefined || (spec?.exports?.(options as never) ?? []).length === 0) return [];
    const at = child(step.located, 'uses')?.at ?? step.at;
    const message = `step '${step.id}' exports files, and its profile is a step here ('${id}'); only the run's own profile delivers: name the table under 'gives' and export it there`;
    return [{ code: 'BAD_VALUE' as const, ...at, message }];
  });
}
