/** Which role an option of a kind has, by its path. Pure. */

import type { KindSpec } from './kind-spec.ts';
import type { Path } from './located.ts';

type Role = Exclude<keyof NonNullable<KindSpec['roles']>, 'conditions'>;

/** True if the option at `path` has the role; items of a list have the role of the list. */
export function hasRole(spec: KindSpec, role: Role, path: Path): boolean {
  return (spec.roles?.[role] ?? []).some((pattern) => fits(pattern, path));
}

/** True if a pattern means the option at `path`, or the list that it is an item of. */
export function fits(pattern: string, path: Path): boolean {
  const keys = pattern.split('.');
  return (
    keys.every((key, i) => i < path.length && (key === '*' || key === String(path[i]))) &&
    path.slice(keys.length).every((key) => typeof key === 'number')
  );
}
