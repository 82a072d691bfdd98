/** A store in a local (or shared) folder. */

import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { UserError } from '../model/errors.ts';
import { openArtifacts } from './artifacts.ts';
import { readBootId } from './boot-id.ts';
import { openClaims } from './claims.ts';
import { bornOf } from './process-identity.ts';
import { openResults } from './results.ts';

import type { Store } from './store.ts';

/** Opens a store, and removes what dead processes left half-written in it. @throws UserError STATE_DIR_UNUSABLE */
export async function openLocalStore(
  root: string,
  options: { readonly bootId?: string } = {},
): Promise<Store> {
  const bootId = options.bootId ?? readBootId();
  const tmp = join(root, 'tmp');
  try {
    await mkdir(tmp, { recursive: true });
    await mkdir(join(root, 'artifacts'), { recursive: true });
  } catch (error) {
    throw new UserError(
      'STATE_DIR_UNUSABLE',
      `the store ${root} cannot be written (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`,
      { hint: 'Give another one with --store or --state-dir.', cause: error },
    );
  }
  await sweep(tmp);
  const artifacts = openArtifacts(root, tmp);
  return {
    bootId,
    ...artifacts,
    ...openResults(root, tmp, artifacts, bootId),
    ...openClaims(root, tmp),
  };
}

async function sweep(tmp: string): Promise<void> {
  for (const name of await readdir(tmp)) {
    const pid = Number(name.split('-')[0]);
    if (bornOf(pid) === undefined) await rm(join(tmp, name), { recursive: true, force: true });
  }
}
