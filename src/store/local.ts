/** A store in a local (or shared) folder. */

import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { UserError } from '../model/errors.ts';
import { openArtifacts } from './artifacts.ts';
import { sweepTemporary } from '../os/atomic.ts';
import { readBootId } from '../os/boot-id.ts';
import { openClaims } from './claims.ts';
import { makeFolder } from '../os/make-folder.ts';
import { openResults } from './results.ts';

import type { Store } from './store.ts';

/** Opens a store, and removes what dead processes left half-written in it. @throws UserError STATE_DIR_UNUSABLE */
export async function openLocalStore(
  root: string,
  options: { readonly bootId?: string; readonly now?: () => number } = {},
): Promise<Store> {
  const bootId = options.bootId ?? readBootId();
  const tmp = join(root, 'tmp');
  try {
    await makeFolder(tmp);
    await makeFolder(join(root, 'artifacts'));
  } catch (error) {
    throw new UserError(
      'STATE_DIR_UNUSABLE',
      `the store ${root} cannot be written (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`,
      { hint: 'Give another one with --store or --state-dir.', cause: error },
    );
  }
  await sweepTemporary(tmp, options.now);
  await dropOldMarks(join(root, 'verified'), bootId);
  const artifacts = openArtifacts(root, tmp);
  return {
    bootId,
    ...artifacts,
    ...openResults(root, tmp, artifacts, bootId),
    ...openClaims(root, tmp),
  };
}

/** What was verified in an earlier boot says nothing about this one. */
async function dropOldMarks(folder: string, bootId: string): Promise<void> {
  for (const name of await readdir(folder).catch((): string[] => [])) {
    if (name !== bootId) await rm(join(folder, name), { recursive: true, force: true });
  }
}
