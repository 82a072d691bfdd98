/**
 * Whether what lies at a path may be executed: nobody but this user, and root, can have put it there. Looks at each
 * folder from a given one on, since whoever may write into one of them can put others in the place of what is below.
 */

import { statSync } from 'node:fs';
import { dirname } from 'node:path';

import { sightIn } from './lease-files.ts';

const EVERYBODY_WRITES = 0o002;
const STICKY = 0o1000;

/** Why not; undefined if it may, or if nothing is there. `from` is one of the folders above `path`, or itself. */
export function whyNotTrusted(path: string, from: string): string | undefined {
  const me = process.geteuid?.();
  if (me === undefined) return undefined;
  for (const one of stepsBetween(from, path)) {
    const info = seen(one);
    if (info === undefined) return undefined;
    const { uid, mode } = info;
    // A network may have another number for this user than the machine.
    if (uid !== me && uid !== 0 && uid !== sightIn(dirname(one)).uid)
      return `${one} belongs to another user (${uid})`;
    // In a folder like /tmp nobody can replace what is not his.
    if ((mode & EVERYBODY_WRITES) !== 0 && (mode & STICKY) === 0)
      return `everybody may write to ${one}`;
  }
  return undefined;
}

function stepsBetween(from: string, path: string): readonly string[] {
  const steps = [path];
  for (let at = path; at !== from && dirname(at) !== at;) steps.unshift((at = dirname(at)));
  return steps;
}

/** Undefined also where it cannot be looked at: then it cannot be executed either. */
function seen(path: string): { readonly uid: number; readonly mode: number } | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
