/**
 * Files that appear whole or not at all.
 *
 * 1. Bytes are written under a temporary name that tells whose it is, and only then get their own.
 * 2. `createFile` gives it by link(), which refuses a name that is taken: one winner among many.
 * 3. `replaceFile` gives it by rename(): a reader sees the old file or the new one.
 */

import { randomBytes } from 'node:crypto';
import { linkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { open, readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { bornOf, isHidden } from './born.ts';
import { makeFolderSync } from './make-folder.ts';
import { ownOwner, placeOf } from './owner.ts';

/** After this long, a temporary file of a machine whose processes we cannot see is nobody's. */
const FOREIGN_KEPT_MS = 24 * 3600 * 1000;
const TEMPORARY = /^(?:[a-z]+-)?(\d+)-([0-9a-f]{8})-\d+-[0-9a-f]{8}$/;

let counter = 0;
let place: string | undefined;

/** A name in `folder` that no other process or call uses. It says whose it is; `what`, in small letters, goes before. */
export function temporaryName(folder: string, what?: string): string {
  counter += 1;
  const random = randomBytes(4).toString('hex');
  const word = what === undefined ? '' : `${what}-`;
  return join(folder, `${word}${process.pid}-${ownPlace()}-${counter}-${random}`);
}

function ownPlace(): string {
  place ??= placeOf(ownOwner());
  return place;
}

/** True for the name of a file that is being written, or was when its process died. */
export function isTemporaryName(name: string): boolean {
  return TEMPORARY.test(name);
}

/** Removes what dead processes left in `folder` under a temporary name. */
export async function sweepTemporary(folder: string, now: () => number = Date.now): Promise<void> {
  for (const name of await readdir(folder).catch((): string[] => [])) {
    const path = join(folder, name);
    if (await isLeftOver(path, now)) await rm(path, { recursive: true, force: true });
  }
}

/** True for a temporary name whose process is dead. */
export async function isLeftOver(path: string, now: () => number = Date.now): Promise<boolean> {
  const [, pid, from] = TEMPORARY.exec(basename(path)) ?? [];
  if (pid === undefined) return false;
  if (from === ownPlace()) return bornOf(Number(pid)) === undefined && !isHidden(Number(pid));
  return now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? 0) > FOREIGN_KEPT_MS;
}

/**
 * Writes a small file; with `sync` its bytes are on disk when this answers. Without, no call waits for
 * the disk, and handing each to a thread would cost more than making it here.
 */
export async function writeWhole(
  path: string,
  bytes: string,
  { sync }: { sync: boolean },
): Promise<void> {
  if (!sync) return writeFileSync(path, bytes, { flag: 'wx' });
  const file = await open(path, 'wx');
  try {
    await file.writeFile(bytes);
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** Replaces `path` in one step. The temporary file lies in `tmp`, on the same filesystem, or beside it. */
export async function replaceFile(
  path: string,
  bytes: string,
  { sync = false, tmp }: { readonly sync?: boolean; readonly tmp?: string } = {},
): Promise<void> {
  const temporary = temporaryName(tmp ?? dirname(path));
  try {
    await writeWhole(temporary, bytes, { sync });
    renameSync(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Creates `path` with these bytes if it is absent. True for the one who created it. */
export async function createFile(
  path: string,
  bytes: string,
  options: { readonly tmp: string; readonly sync: boolean },
): Promise<boolean> {
  const temporary = temporaryName(options.tmp);
  try {
    await writeWhole(temporary, bytes, options);
    return linkInto(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}

function linkInto(temporary: string, path: string): boolean {
  for (let tries = 0; ; tries += 1) {
    try {
      linkSync(temporary, path);
      return true;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'EEXIST') return false;
      if (code !== 'ENOENT' || tries > 4) throw error;
      makeFolderSync(dirname(path));
    }
  }
}

/** Brings a folder's entries to disk, where the system can. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  if (folder === undefined) return;
  await folder.sync().catch(() => undefined);
  await folder.close();
}
