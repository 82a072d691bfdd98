/**
 * Whether outside files are copied in while they are hashed for the fingerprint, so that they are read once. It decides
 * about time alone: the hash is that of the copied bytes, and the store is asked with it as ever.
 */

import { stat } from 'node:fs/promises';

import type { StoredResult } from '../store/entries.ts';
import type { FoundFile } from './expand-globs.ts';

/** True where no stored result is to be expected: the step has none, or a file was written after the newest. */
export async function copiesAtOnce(
  files: readonly FoundFile[],
  latest: () => Promise<Pick<StoredResult, 'writtenAtMs' | 'durationMs'> | undefined>,
): Promise<boolean> {
  if (files.length === 0) return false;
  const before = await latest();
  if (before === undefined) return true;
  const startedAtMs = before.writtenAtMs - before.durationMs;
  for (const { path } of files) {
    // A file that is gone is told by whoever reads it.
    const about = await stat(path).catch(() => undefined);
    if (about !== undefined && about.mtimeMs > startedAtMs) return true;
  }
  return false;
}
