/** Checks each profile of a chain by itself, merges them, and puts values in place of static references. Pure. */

import { durationMs } from '../model/duration.ts';
import { didYouMean } from '../model/suggest.ts';
import { mergeProfiles } from './extends.ts';
import { child, entriesOf, itemsOf, mapScalars, settledScalar, textOf } from './located.ts';
import { DEFAULTS, profileSchema } from './profile.ts';
import { hasReference } from './reference.ts';
import { replaceReferences } from './replace.ts';
import { shapeOf } from './shape-problems.ts';
import { sourceOf } from './source.ts';

import type { CheckInput } from './check-input.ts';
import type { CheckedJob } from './check-job.ts';
import type { Problem } from '../model/errors.ts';
import type { Entry, Located, LocatedMap, Path } from './located.ts';
import type { Root } from './scope.ts';

export type CheckedProfiles = {
  /** The merged profile, values with their places; undefined if there is none to speak of. */
  readonly root: LocatedMap | undefined;
  /** False: a file of the chain is missing or unreadable, so what it may hold is not missed. */
  readonly complete: boolean;
  /** Steps that a profile of the chain removed, with the file that did. */
  readonly removed: ReadonlyMap<string, string>;
  readonly problems: readonly Problem[];
  /** Most copies of one key of a file. */
  readonly copies: number;
};

const NONE: ReadonlySet<Root> = new Set();
const IN_SETTINGS: ReadonlySet<Root> = new Set(['params', 'job', 'run', 'partition'] as const);

/** The merged chain, or what is wrong with it. `copy` chooses among values of a key that stands twice. */
export function checkProfiles(input: CheckInput, job: CheckedJob, copy: number): CheckedProfiles {
  const problems: Problem[] = [];
  const maps: LocatedMap[] = [];
  let copies = 1;
  for (const file of input.profiles) {
    const source = sourceOf(file, copy);
    const root = source.root === undefined ? undefined : exact(source.root, problems);
    copies = Math.max(copies, source.copies);
    problems.push(...source.problems);
    if (root?.kind === 'map') {
      maps.push(root);
      problems.push(...shapeOf(profileSchema, closed(root), { what: '' }).problems);
    } else if (root !== undefined) {
      const message = 'a profile file is a mapping; expected keys such as profile and steps';
      problems.push({ code: 'WRONG_TYPE', ...root.at, message });
    }
  }
  const complete = input.complete !== false && maps.length === input.profiles.length;
  if (maps.length === 0) {
    return { root: undefined, complete: false, removed: new Map(), problems, copies };
  }

  const merged = mergeProfiles(maps);
  const root = withValues(merged.root, job, problems);
  problems.push(...shapeOf(profileSchema, withoutConditions(root), { what: '' }).problems);
  problems.push(...waitProblems(root));
  if (complete) {
    problems.push(...merged.problems, ...noSteps(root), ...hiddenNeeds(maps, merged.root));
  }
  return { root, complete, removed: merged.removed, problems, copies };
}

/** Numbers as they can be kept; which options are text is known with their kinds. */
function exact(root: Located, problems: Problem[]): Located {
  return mapScalars(root, (scalar, path) =>
    path[0] === 'steps' && path[2] === 'with' ? scalar : settledScalar(scalar, problems),
  );
}

/** One file alone: what its references stand for is checked where all files are merged. */
function closed(root: LocatedMap): LocatedMap {
  const holed = mapScalars(root, (scalar, path) =>
    !isLater(path) && typeof scalar.value === 'string' && hasReference(scalar.value)
      ? { kind: 'hole', at: scalar.at }
      : scalar,
  );
  return withoutConditions(holed as LocatedMap);
}

/** Values in place of params, job.name and run.date; options and conditions are resolved with their steps. */
function withValues(root: LocatedMap, job: CheckedJob, problems: Problem[]): LocatedMap {
  return mapScalars(root, (scalar, path) =>
    isLater(path)
      ? scalar
      : replaceReferences(scalar, {
          scope: job.scope,
          allowed: allowedAt(path),
          later: false,
          problems,
          uses: [],
        }),
  ) as LocatedMap;
}

function isLater(path: Path): boolean {
  if (path.at(-1) === 'description' || path[0] === 'gives') return true;
  const isList = path[2] === 'foreach' && path[3] === 'in';
  return path[0] === 'steps' && (path[2] === 'with' || path[2] === 'when' || isList);
}

/** Names and ids stand as they are: whoever reads the file must see which step uses what. */
function allowedAt(path: Path): ReadonlySet<Root> {
  const isName = ['profile', 'extends', 'takes', 'gives'].includes(String(path[0]));
  const isLink = path[0] === 'steps' && (path[2] === 'uses' || path[2] === 'needs');
  return isName || isLink ? NONE : IN_SETTINGS;
}

/** Conditions have a check of their own, once their references are replaced. */
function withoutConditions(root: LocatedMap): LocatedMap {
  const steps = root.entries.get('steps');
  if (steps?.value.kind !== 'map') return root;
  const plain = [...steps.value.entries].map(([id, step]): [string, Entry] => {
    if (step.value.kind !== 'map' || !step.value.entries.has('when')) return [id, step];
    const entries = new Map(step.value.entries);
    entries.delete('when');
    return [id, { key: step.key, value: { ...step.value, entries } }];
  });
  const value: Located = { ...steps.value, entries: new Map(plain) };
  return { ...root, entries: new Map(root.entries).set('steps', { key: steps.key, value }) };
}

/** Needs of a base that a later profile writes anew: nothing reads them any more, and they are as wrong as before. */
function hiddenNeeds(maps: readonly LocatedMap[], merged: LocatedMap): readonly Problem[] {
  const ids = new Set(maps.flatMap((map) => entriesOf(child(map, 'steps')).map(([id]) => id)));
  const inForce = child(merged, 'steps');
  return maps.flatMap((map) =>
    entriesOf(child(map, 'steps')).flatMap(([id, { value }]) => {
      const needs = child(value, 'needs');
      if (needs === child(child(inForce, id), 'needs')) return [];
      return itemsOf(needs).flatMap((item): readonly Problem[] => {
        const need = textOf(item);
        if (need === undefined || ids.has(need) || hasReference(need)) return [];
        const hint = didYouMean(need, ids);
        const message = `step '${id}' needs '${need}', which is no step of any of the profiles`;
        return [{ code: 'UNKNOWN_NEED', ...item.at, message, ...(hint && { hint }) }];
      });
    }),
  );
}

function noSteps(root: LocatedMap): readonly Problem[] {
  const steps = root.entries.get('steps');
  if (steps !== undefined && (steps.value.kind !== 'map' || steps.value.entries.size > 0))
    return [];
  const message = 'the profile has no steps; at least one is needed';
  return [{ code: 'MISSING_KEY', ...(steps?.key ?? root.at), message }];
}

/** A longest wait that is shorter than the first one, where somebody wrote it. */
function waitProblems(root: LocatedMap): readonly Problem[] {
  const defaults = child(child(root, 'defaults'), 'retry');
  const steps = entriesOf(child(root, 'steps')).map(([, { value }]) => child(value, 'retry'));
  return [undefined, ...steps].flatMap((own): readonly Problem[] => {
    const longest = child(own, 'max_backoff') ?? child(defaults, 'max_backoff');
    const first = child(own, 'backoff') ?? child(defaults, 'backoff');
    const firstText = first === undefined ? DEFAULTS.retry.backoff : textOf(first);
    const most = durationMs(textOf(longest) ?? '');
    const least = durationMs(firstText ?? '');
    if (longest === undefined || most === undefined || least === undefined || most >= least) {
      return [];
    }
    const message = `max_backoff ${textOf(longest)} is shorter than backoff ${firstText}; expected at least as long`;
    const place = child(own, 'max_backoff') ?? child(own, 'backoff') ?? longest;
    return [{ code: 'BAD_VALUE', ...place.at, message }];
  });
}
