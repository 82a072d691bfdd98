/**
 * Whether all files of a folder are in the bucket. Its files are looked for in the order of their keys, so that one list
 * answers for each of them that lies in it: never more requests than files, and few where they are a good part of all.
 */

import { ARTIFACTS, artifactKey, artifactOf } from './artifact-keys.ts';

import type { TreeEntry } from '../../os/hashing.ts';
import type { Objects } from './objects.ts';

type File = Pick<TreeEntry, 'sha256' | 'bytes'>;

/** Most objects that one list answers. */
const PAGE = 1000;
/** Parts of the folder that are looked for beside each other. */
const AT_ONCE = 8;
/** Fewer files are not worth dividing. */
const LEAST = 16;

export async function areThere(
  objects: Pick<Objects, 'list'>,
  files: readonly File[],
  page = PAGE,
): Promise<boolean> {
  const sorted = files.toSorted((a, b) => (a.sha256 < b.sha256 ? -1 : 1));
  const size = Math.max(LEAST, Math.ceil(sorted.length / AT_ONCE));
  const parts = Array.from({ length: Math.ceil(sorted.length / size) }, (_, i) =>
    sorted.slice(i * size, (i + 1) * size),
  );
  const all = await Promise.all(parts.map((part) => isPartThere(objects, part, page)));
  return all.every(Boolean);
}

async function isPartThere(
  objects: Pick<Objects, 'list'>,
  part: readonly File[],
  most: number,
): Promise<boolean> {
  for (let at = 0; at < part.length;) {
    // A key of ours goes on behind the slash.
    const after = artifactKey(part[at]!.sha256, '');
    const { objects: found, next } = await objects.list(ARTIFACTS, { after, most });
    const sizes = new Map<string, Set<number>>();
    for (const { key, bytes } of found) {
      const { sha256 } = artifactOf(key) ?? {};
      if (sha256 !== undefined) sizes.set(sha256, (sizes.get(sha256) ?? new Set()).add(bytes));
    }
    const begun = at;
    for (; at < part.length; at += 1) {
      const { sha256, bytes } = part[at]!;
      // Behind the end of the list nothing is known. One that it has whole is answered.
      const isBehind = next !== undefined && artifactKey(sha256, '~') > next;
      if (sizes.get(sha256)?.has(bytes) === true) continue;
      if (!isBehind || at === begun) return false;
      break;
    }
  }
  return true;
}
