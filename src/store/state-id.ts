/**
 * Tells a state folder apart from one of another machine that has the same path, as folders of containers have: a word
 * in it, written down with each run in a store that they share.
 */

import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { createFile } from '../os/atomic.ts';
import { makeFolder } from '../os/make-folder.ts';

/** What a record, or its row in a list, says of the state folder that it was made in. */
export type HomeOf = { readonly dir: string | undefined; readonly id: string | undefined };

/** The word of a state folder; undefined: no run of it lies in a shared store. */
export async function readStateId(stateDir: string): Promise<string | undefined> {
  const text = await readFile(join(stateDir, 'id'), 'utf8').catch(() => '');
  return text.trim() === '' ? undefined : text.trim();
}

/** The same, made where there is none. */
export async function makeStateId(stateDir: string): Promise<string> {
  const known = await readStateId(stateDir);
  if (known !== undefined) return known;
  await makeFolder(stateDir);
  const mine = randomBytes(8).toString('hex');
  const isMine = await createFile(join(stateDir, 'id'), `${mine}\n`, { tmp: stateDir, sync: true });
  return isMine ? mine : ((await readStateId(stateDir)) ?? mine);
}

/** True for a run of this state folder. Records of earlier versions name the path alone. */
export function isAtHome(run: HomeOf, here: HomeOf): boolean {
  if (run.dir !== here.dir) return false;
  return run.dir === undefined || run.id === undefined || run.id === here.id;
}
