/** The hash of a plan is that of what its files say: the same wherever the project lies. */

import { createHash } from 'node:crypto';
import { isAbsolute, normalize, resolve } from 'node:path';

import { literalFolder } from '../../activities/expand-globs.ts';
import { canonicalJson } from '../../model/canonical.ts';

import type { Plan } from '../../model/plan.ts';

/** Stands before a path that was written relative to the job; no text of a file begins like this. */
const RELATIVE = '\u0000';

export type PlacedPaths = {
  /** Absolute path of one that is relative to the folder. */
  resolvePath(path: string): string;
  /** sha256 of the plan with each such path as it was written, also inside other texts. */
  hashOf(plan: Omit<Plan, 'run'>): string;
};

/** Paths relative to a folder, and the hash of the plan that holds them. */
export function makePlacedPaths(folder: string): PlacedPaths {
  const base = literalFolder(folder);
  const written = new Map<string, string>();
  return {
    resolvePath: (path) => {
      const full = resolve(base, path);
      if (!isAbsolute(path)) {
        written.set(full, normalize(path));
        // The beginning of a path whose end is not known yet is asked for with a letter behind it.
        if (path.endsWith('_')) written.set(full.slice(0, -1), normalize(path).slice(0, -1));
      }
      return full;
    },
    hashOf: (plan) =>
      createHash('sha256')
        .update(canonicalJson(replaced(plan, written)))
        .digest('hex'),
  };
}

function replaced(plan: unknown, written: ReadonlyMap<string, string>): unknown {
  // A path goes before one that it begins with.
  const places = [...written].toSorted(([a], [b]) => b.length - a.length);
  const start = commonStart([...written.keys()]);
  const text = (value: string): string => {
    const whole = written.get(value);
    if (whole !== undefined) return RELATIVE + whole;
    if (start === undefined || !value.includes(start)) return value;
    return places.reduce((all, [full, path]) => all.replaceAll(full, () => RELATIVE + path), value);
  };
  const visit = (value: unknown): unknown => {
    if (typeof value === 'string') return text(value);
    if (Array.isArray(value)) return value.map(visit);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, visit(each)]));
  };
  return visit(plan);
}

/** What all of them begin with; undefined for none. */
function commonStart([first, ...others]: readonly string[]): string | undefined {
  return others.reduce<string | undefined>((start, other) => {
    let length = 0;
    while (length < (start?.length ?? 0) && start?.[length] === other[length]) length += 1;
    return start?.slice(0, length);
  }, first);
}
