/** Finds the files of every profile that a step of a definition may be, those in them included, before anything is checked. */

import { dirname, resolve } from 'node:path';

import { child, entriesOf, textOf } from '../../definition/located.ts';
import { hasReference } from '../../definition/reference.ts';
import { sourceOf } from '../../definition/source.ts';
import { PROFILE_KIND } from '../../model/plan.ts';
import { profileChain } from './profile-files.ts';

import type { DefinitionFile } from '../../definition/check.ts';
import type { CheckInput, NamedProfile } from '../../definition/check-input.ts';
import type { Located } from '../../definition/located.ts';
import type { Problem } from '../../model/errors.ts';
import type { Around } from './profile-files.ts';

/** Answers for each place what was found; of what a file cannot mean nothing is known. */
export async function findNestedProfiles(
  files: readonly DefinitionFile[],
  around: Omit<Around, 'given' | 'isKnown' | 'folder'>,
): Promise<NonNullable<CheckInput['profileNamed']>> {
  const found = new Map<string, NamedProfile>();
  const seen = new Set<string>();
  const left = [...files];
  for (let file = left.pop(); file !== undefined; file = left.pop()) {
    if (seen.has(file.path)) continue;
    seen.add(file.path);
    for (const [name, named] of namesIn(file)) {
      const key = keyOf(named.at.file, name);
      if (found.has(key)) continue;
      const problems: Problem[] = [];
      const folder = dirname(resolve(around.cwd, file.path));
      const asked = { ...around, folder, problems, given: false, isKnown: true };
      const chain = await profileChain(name, named, asked);
      const [first] = problems;
      if (chain.path === undefined && first !== undefined) {
        const { code, message, hint } = first;
        found.set(key, { wrong: { code, message, ...(hint === undefined ? {} : { hint }) } });
        continue;
      }
      around.problems.push(...problems);
      found.set(key, { files: chain.files, complete: !chain.broken });
      left.push(...chain.files);
    }
  }
  return (name, { file }) => found.get(keyOf(file, name)) ?? NOTHING;
}

/** Of a second copy of a key, which is a mistake of its own. */
const NOTHING: NamedProfile = Object.freeze({ files: [], complete: false });

function keyOf(file: string, name: string): string {
  return JSON.stringify([file, name]);
}

/** The profiles that steps of a file name; a step that extends another may leave its `uses` out. */
function namesIn(file: DefinitionFile): readonly (readonly [string, Located])[] {
  return entriesOf(child(sourceOf(file).root, 'steps')).flatMap(([, { value }]) => {
    const named = child(child(value, 'with'), 'profile');
    const name = textOf(named);
    const uses = child(value, 'uses');
    const isOne = uses === undefined || textOf(uses) === PROFILE_KIND;
    return isOne && named !== undefined && name !== undefined && !hasReference(name)
      ? [[name, named] as const]
      : [];
  });
}
