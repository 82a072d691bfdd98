/** Checks builder.yaml: its shape, its words that come later, its references. Every problem in one pass. Pure. */

import { sorted } from './check.ts';
import { hookProblems } from './check-hooks.ts';
import { child, itemsOf, mapScalars, settled } from './located.ts';
import { hasReference } from './reference.ts';
import { projectSchema, TAKEN } from './project-file.ts';
import { shapeOf } from './shape-problems.ts';
import { sourceOf } from './source.ts';
import { withOddLetter } from './odd-letters.ts';

import type { Problem } from '../model/errors.ts';
import type { Located, LocatedMap, Place } from './located.ts';
import type { ProjectDefinition } from './project-file.ts';
import type { DefinitionFile } from './source.ts';

export type CheckedProject = {
  /** Undefined if there is any problem. */
  readonly value: ProjectDefinition | undefined;
  /** In reading order. */
  readonly problems: readonly Problem[];
  /** Where each of its job globs and profile folders stands. */
  readonly places: { readonly jobs: readonly Place[]; readonly profiles: readonly Place[] };
};

/** The project's settings, or what is wrong with them. Never throws for anything a file may hold. */
export function checkProject(file: DefinitionFile): CheckedProject {
  // It also marks the root of a project, and then may say nothing.
  if (file.unreadable === undefined && saysNothing(file.text)) {
    return { value: {}, problems: [], places: { jobs: [], profiles: [] } };
  }
  const first = checkCopy(file, 0);
  const others = Array.from({ length: Math.min(first.copies, 5) - 1 }, (_, i) =>
    checkCopy(file, i + 1),
  );
  const problems = [first, ...others].flatMap((each) => each.problems);
  const { value, places } = first;
  return {
    value: problems.length > 0 ? undefined : value,
    problems: sorted(problems.map(withOddLetter)),
    places,
  };
}

function saysNothing(text: string): boolean {
  return text.split('\n').every((line) => line.trim() === '' || line.trim().startsWith('#'));
}

function checkCopy(file: DefinitionFile, copy: number): CheckedProject & { copies: number } {
  const source = sourceOf(file, copy);
  const problems: Problem[] = [...source.problems];
  const whole = source.root === undefined ? undefined : settled(source.root, problems);
  if (whole !== undefined && whole.kind !== 'map') {
    const message = 'builder.yaml is a mapping; expected keys such as jobs, profiles and hooks';
    problems.push({ code: 'WRONG_TYPE', ...whole.at, message });
  }
  const root = whole?.kind === 'map' ? withoutTaken(whole, problems) : undefined;
  problems.push(...hookProblems(child(root, 'hooks')), ...referencesIn(root));
  const shape = root === undefined ? undefined : shapeOf(projectSchema, root, { what: '' });
  problems.push(...(shape?.problems ?? []));
  return {
    value: shape?.value,
    problems,
    places: {
      jobs: itemsOf(child(root, 'jobs')).map(({ at }) => at),
      profiles: itemsOf(child(root, 'profiles')).map(({ at }) => at),
    },
    copies: source.copies,
  };
}

function withoutTaken(root: LocatedMap, problems: Problem[]): LocatedMap {
  const entries = new Map(root.entries);
  for (const [key, what] of Object.entries(TAKEN)) {
    const entry = entries.get(key);
    if (entry === undefined) continue;
    entries.delete(key);
    problems.push({
      code: 'UNKNOWN_KEY',
      ...entry.key,
      message: `the key '${key}' comes with a later version, for ${what}; it can hold nothing yet`,
      hint: 'Leave it out.',
    });
  }
  return { ...root, entries };
}

/** Only hooks hold references: the rest is read before any run is known. */
function referencesIn(root: LocatedMap | undefined): readonly Problem[] {
  const problems: Problem[] = [];
  for (const [key, { value }] of root?.entries ?? []) {
    if (key !== 'hooks') mapScalars(value, (scalar) => refuse(scalar, problems));
  }
  return problems;
}

function refuse(scalar: Extract<Located, { kind: 'scalar' }>, problems: Problem[]): Located {
  if (typeof scalar.value !== 'string' || !hasReference(scalar.value)) return scalar;
  const message = 'no reference can stand here; in builder.yaml only hooks hold references';
  problems.push({ code: 'BAD_REFERENCE', ...(scalar.marks[0] ?? scalar.at), message });
  return scalar;
}
