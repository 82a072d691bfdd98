/**
 * Makes a folder and those above it, one by one, and says truly why it cannot. Not by a recursive mkdir(): that tells of a
 * read-only filesystem as ENOENT, and below /proc Node never comes back from it.
 */

import { mkdirSync, statSync } from 'node:fs';
import { lstat, mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A folder that is there already is fine. @throws as the file system does */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') {
      const info = await stat(path).catch(() => undefined);
      if (info?.isDirectory() === true) return;
      if (info === undefined && (await isGone(path))) return makeFolder(path);
    }
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await mkdir(path).catch(unlessThere);
  }
}

/** True for what another one has removed since it was there; a link that leads nowhere still is there. */
async function isGone(path: string): Promise<boolean> {
  return lstat(path).then(
    (info) => info.isDirectory(),
    ({ code }: NodeJS.ErrnoException) => code === 'ENOENT',
  );
}

/** The same, for who cannot wait. */
export function makeFolderSync(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && statSync(path).isDirectory()) return;
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    makeFolderSync(dirname(path));
    try {
      mkdirSync(path);
    } catch (again) {
      unlessThere(again);
    }
  }
}

/** Another process may have made it meanwhile. Where the folder above is there, and none can be in it, nothing is missing. */
function unlessThere(error: unknown): void {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EEXIST') return;
  throw code === 'ENOENT' ? Object.assign(new Error(message), { code: 'EPERM' }) : error;
}
