/**
 * Folders whose contents are obeyed: what lies there was put there by this user.
 *
 * 1. One that is made here is for this user alone, whatever the umask; the folders above it are made as usual.
 * 2. One that has the mode the umask gave it was made by an earlier version, or by a script: it is made private.
 * 3. One of another user, or one that somebody let others write into, is refused.
 */

import { chmodSync, lstatSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { sightIn } from './lease-files.ts';
import { makeFolderSync } from './make-folder.ts';
import { byUmask } from './umask.ts';

const PRIVATE = 0o700;
const OTHERS_WRITE = 0o022;

/** Makes a folder for this user alone, unless it is there. */
export function makeOwnFolder(path: string): void {
  makeFolderSync(dirname(path));
  try {
    mkdirSync(path, { mode: PRIVATE });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    // For its own word where it is no folder.
    makeFolderSync(path);
  }
}

/**
 * Why what lies in a folder, and in the folders of these names below it, cannot be trusted; undefined: it can, or there
 * is none. May make the folder private.
 */
export function whyNotOwn(path: string, names: readonly string[] = []): string | undefined {
  const me = process.geteuid?.();
  if (me === undefined) return undefined;
  // A network may have another number for this user than the machine.
  const isMine = (uid: number): boolean => uid === me || uid === sightIn(path).uid;
  const mode = modeOf(path);
  if (mode !== undefined && mode !== PRIVATE && mode === byUmask(0o777)) {
    const { uid } = statSync(path);
    if (isMine(uid)) chmodSync(path, PRIVATE);
  }
  const isPrivate = modeOf(path) === PRIVATE;
  for (const folder of [path, ...names.map((name) => join(path, name))]) {
    const info = statSync(folder, { throwIfNoEntry: false });
    if (info === undefined) continue;
    // A link is followed, for state may lie on another disk, if this user made it.
    const foreign = [info.uid, lstatSync(folder).uid].find((uid) => !isMine(uid));
    if (foreign !== undefined) return `${folder} belongs to another user (${foreign})`;
    const isOpen = !isPrivate && (info.mode & OTHERS_WRITE) !== 0;
    if (isOpen) return `${folder} can be written by other users`;
  }
  return undefined;
}

function modeOf(path: string): number | undefined {
  const info = statSync(path, { throwIfNoEntry: false });
  return info === undefined ? undefined : info.mode & 0o777;
}
