/** Values that know where they were written: what a definition file is read into. Pure, no YAML here. */

import type { Problem } from '../model/errors.ts';
import type { Json, Scalar } from '../model/plan.ts';

/** Where something was written; line and column count from 1, columns in UTF-16 units. */
export type Place = { readonly file: string; readonly line: number; readonly column: number };

export type Entry = { readonly key: Place; readonly value: Located };

/**
 * - `hole`: a value that is already reported as wrong; nothing more is said about it.
 * - `node`: a part of the plan that was made from what was written, such as a query.
 */
export type Located =
  | {
      readonly kind: 'scalar';
      readonly at: Place;
      readonly value: Scalar;
      /** Places of the `${{` in it, in order; those of the scalar itself where it cannot be told. */
      readonly marks: readonly Place[];
      /** The letters of the file, of what is not text to YAML. */
      readonly written?: string;
      /** Why it can stand only where text is wanted; `value` then holds its letters. */
      readonly wrong?: string;
      /** Of a text as it was written: the place of one of its letters, by index. */
      readonly placeIn?: (index: number) => Place;
    }
  | { readonly kind: 'list'; readonly at: Place; readonly items: readonly Located[] }
  | {
      readonly kind: 'map';
      readonly at: Place;
      readonly entries: ReadonlyMap<string, Entry>;
    }
  | { readonly kind: 'hole'; readonly at: Place }
  | { readonly kind: 'node'; readonly at: Place; readonly value: Json };

export type ScalarLocated = Extract<Located, { kind: 'scalar' }>;
export type LocatedMap = Extract<Located, { kind: 'map' }>;
export type Path = readonly (string | number)[];

/** The plain value, without places; holes are undefined. */
export function plainOf(located: Located): unknown {
  switch (located.kind) {
    case 'scalar':
    case 'node':
      return located.value;
    case 'hole':
      return undefined;
    case 'list':
      return located.items.map(plainOf);
    case 'map':
      return Object.fromEntries(
        [...located.entries].map(([key, entry]) => [key, plainOf(entry.value)]),
      );
  }
}

/** The value under a key of a mapping; undefined where there is no mapping or no such key. */
export function child(located: Located | undefined, key: string | number): Located | undefined {
  if (located?.kind === 'map') return located.entries.get(String(key))?.value;
  if (located?.kind === 'list') return located.items[Number(key)];
  return undefined;
}

/** The value at a path, or the deepest one on the way to it. */
export function nearest(root: Located, path: Path): Located {
  let here = root;
  for (const key of path) {
    const next = child(here, key);
    if (next === undefined) return here;
    here = next;
  }
  return here;
}

/** Where the key at the end of a path was written; the value's place for items of lists. */
export function keyPlace(root: Located, path: Path): Place {
  const last = path.at(-1);
  if (last === undefined) return root.at;
  const parent = nearest(root, path.slice(0, -1));
  if (parent.kind === 'map') return parent.entries.get(String(last))?.key ?? parent.at;
  return child(parent, last)?.at ?? parent.at;
}

/** Entries of a mapping; none for everything else. */
export function entriesOf(located: Located | undefined): readonly (readonly [string, Entry])[] {
  return located?.kind === 'map' ? [...located.entries] : [];
}

/** Items of a list; none for everything else. */
export function itemsOf(located: Located | undefined): readonly Located[] {
  return located?.kind === 'list' ? located.items : [];
}

/** The text of a text scalar; undefined for everything else. */
export function textOf(located: Located | undefined): string | undefined {
  return located?.kind === 'scalar' && typeof located.value === 'string'
    ? located.value
    : undefined;
}

/** The same value with a hole, and a problem, for each number that can stand only where text is wanted. */
export function settled(located: Located, problems: Problem[]): Located {
  return mapScalars(located, (scalar) => settledScalar(scalar, problems));
}

/** The scalar, or a hole with a problem. */
export function settledScalar(scalar: ScalarLocated, problems: Problem[]): Located {
  if (scalar.wrong === undefined) return scalar;
  problems.push({ code: 'BAD_VALUE', ...scalar.at, message: scalar.wrong });
  return { kind: 'hole', at: scalar.at };
}

/** Paths of all holes. */
export function holesIn(located: Located, path: Path = []): readonly Path[] {
  if (located.kind === 'hole') return [path];
  if (located.kind === 'list')
    return located.items.flatMap((item, i) => holesIn(item, [...path, i]));
  if (located.kind !== 'map') return [];
  return [...located.entries].flatMap(([key, entry]) => holesIn(entry.value, [...path, key]));
}

/** The same value with every scalar passed through `change`. */
export function mapScalars(
  located: Located,
  change: (scalar: Extract<Located, { kind: 'scalar' }>, path: Path) => Located,
  path: Path = [],
): Located {
  if (located.kind === 'scalar') return change(located, path);
  if (located.kind === 'list') {
    return {
      ...located,
      items: located.items.map((item, i) => mapScalars(item, change, [...path, i])),
    };
  }
  if (located.kind !== 'map') return located;
  const entries = [...located.entries].map(
    ([key, entry]) =>
      [key, { key: entry.key, value: mapScalars(entry.value, change, [...path, key]) }] as const,
  );
  return { ...located, entries: new Map(entries) };
}
