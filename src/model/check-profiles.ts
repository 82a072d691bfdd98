/** Checks each profile of a chain by itself, and merges them. Pure. */

import { mergeProfiles } from './extends.ts';
import { child, mapScalars } from './located.ts';
import { profileSchema } from './profile.ts';
import { replaceReferences } from './replace.ts';
import { shapeOf } from './shape-problems.ts';
import { readSource } from './source.ts';

import type { CheckInput, DefinitionFile } from './check.ts';
import type { CheckedJob } from './check-job.ts';
import type { Problem } from './errors.ts';
import type { Located, LocatedMap, Path } from './located.ts';

export type CheckedProfiles = {
  /** The merged profile, values with their places; undefined if a file is not a mapping. */
  readonly root: LocatedMap | undefined;
  readonly problems: readonly Problem[];
};

const STATIC = new Set(['params', 'job', 'run'] as const);

/** The merged chain, or what is wrong with it. */
export function checkProfiles(input: CheckInput, job: CheckedJob): CheckedProfiles {
  const problems: Problem[] = [];
  const maps: LocatedMap[] = [];
  for (const file of input.profiles) {
    const root = checkOne(file, job, problems);
    if (root?.kind === 'map') maps.push(root);
  }
  if (maps.length === 0 || maps.length < input.profiles.length)
    return { root: undefined, problems };
  const merged = mergeProfiles(maps);
  problems.push(...merged.problems);
  const steps = child(merged.root, 'steps');
  if (steps === undefined || (steps.kind === 'map' && steps.entries.size === 0)) {
    const at = steps?.at ?? merged.root.at;
    problems.push({
      code: 'MISSING_KEY',
      ...at,
      message: 'the profile has no steps; at least one is needed',
    });
  }
  return { root: merged.root, problems };
}

function checkOne(file: DefinitionFile, job: CheckedJob, problems: Problem[]): Located | undefined {
  const source = readSource(file.path, file.text);
  problems.push(...source.problems);
  for (let copy = 0; copy < source.copies; copy += 1) {
    const root = copy === 0 ? source.root : readSource(file.path, file.text, copy).root;
    if (root === undefined) continue;
    const noted: Problem[] = [];
    const replaced = withoutStaticReferences(root, job, noted);
    problems.push(...noted, ...shapeOf(profileSchema, plainWhens(replaced), { what: '' }).problems);
  }
  return source.root === undefined ? undefined : withoutStaticReferences(source.root, job, []);
}

/** Settings of a step may name parameters; its options and its condition are resolved with the steps. */
function withoutStaticReferences(root: Located, job: CheckedJob, problems: Problem[]): Located {
  return mapScalars(root, (scalar, path) =>
    isLater(path)
      ? scalar
      : replaceReferences(scalar, { scope: job.scope, allowed: STATIC, problems, uses: [] }),
  );
}

function isLater(path: Path): boolean {
  return path[0] === 'steps' && (path[2] === 'with' || path[2] === 'when');
}

/** For the shape alone: a reference in a condition stands for a value of any type. */
function plainWhens(root: Located): Located {
  return mapScalars(root, (scalar, path) => {
    const isText = typeof scalar.value === 'string' && scalar.value.includes('${{');
    if (path[0] !== 'steps' || path[2] !== 'when' || !isText) return scalar;
    return { ...scalar, value: path.length === 3 ? true : path[3] === 'value' ? '' : scalar.value };
  });
}
