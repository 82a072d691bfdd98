/** Which kind a step uses, and whether its options stand where they belong. Pure. */

import { child, entriesOf, textOf } from './located.ts';
import { meantBy } from './other-words.ts';
import { PROFILE_SPEC } from './profile-kind.ts';
import { profileSchema } from './profile.ts';
import { hasReference } from './reference.ts';
import { allowedKeys } from './schema-keys.ts';
import { isMeant } from './shape-problems.ts';
import { PROFILE_KIND } from '../model/plan.ts';

import type { Around } from './checked-step.ts';
import type { KindSpec } from './kind-spec.ts';
import type { Entry, Located } from './located.ts';

/** Keys of a step, whatever its kind. */
const STEP_KEYS = allowedKeys(profileSchema, ['steps', 'any']);

/** True if options of the kind stand where the keys of a step do. */
export function isBeside(located: Located, kind: KindSpec | undefined): boolean {
  const options = kind === undefined ? [] : allowedKeys(kind.schema, []);
  return entriesOf(located).some(([key]) => options.includes(key) && !STEP_KEYS.includes(key));
}

/** The kind that a step uses; undefined, with a problem where that is not reported elsewhere, if there is none. */
export function kindOf(
  id: string,
  entry: Entry,
  { input, profiles, problems }: Around,
): KindSpec | undefined {
  const uses = child(entry.value, 'uses');
  const names = [...input.kinds.map((kind) => kind.kind), PROFILE_KIND];
  if (uses === undefined) {
    const written = entriesOf(entry.value).map(([key]) => key);
    if (profiles.complete && !isMeant('uses', written, STEP_KEYS)) {
      const message = `step '${id}': the key 'uses' is missing; known kinds: ${names.join(', ')}`;
      problems.push({ code: 'MISSING_KEY', ...entry.key, message });
    }
    return undefined;
  }
  const name = textOf(uses);
  if (name === undefined) return undefined;
  if (name === PROFILE_KIND) return PROFILE_SPEC;
  const found = input.kinds.find((kind) => kind.kind === name);
  if (found === undefined && !hasReference(name)) {
    const hint = meantBy(name, names);
    const message = `unknown kind '${name}'; known kinds: ${names.join(', ')}`;
    problems.push({ code: 'UNKNOWN_KIND', ...uses.at, message, ...(hint && { hint }) });
  }
  return found;
}
