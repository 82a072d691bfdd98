/** Files that appear whole or not at all. */

import { randomBytes } from 'node:crypto';
import { link, mkdir, open, rename, rm, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

let counter = 0;

/** A name in `folder` that no other process or call uses. It begins with this process' pid. */
export function temporaryName(folder: string): string {
  counter += 1;
  return join(folder, `${process.pid}-${counter}-${randomBytes(4).toString('hex')}`);
}

/** Writes a file; with `sync` its bytes are on disk when this answers. */
export async function writeWhole(
  path: string,
  bytes: string,
  { sync }: { sync: boolean },
): Promise<void> {
  const file = await open(path, 'wx', 0o644);
  try {
    await file.writeFile(bytes);
    if (sync) await file.sync();
  } finally {
    await file.close();
  }
}

/** Replaces `path` in one step. The temporary file lies beside it. */
export async function replaceFile(
  path: string,
  bytes: string,
  options = { sync: false },
): Promise<void> {
  const temporary = temporaryName(dirname(path));
  try {
    await writeWhole(temporary, bytes, options);
    await rename(temporary, path);
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
  await writeWhole(temporary, bytes, options);
  try {
    return await linkInto(temporary, path);
  } finally {
    await unlink(temporary);
  }
}

async function linkInto(temporary: string, path: string): Promise<boolean> {
  for (let tries = 0; ; tries += 1) {
    try {
      await link(temporary, path);
      return true;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'EEXIST') return false;
      if (code !== 'ENOENT' || tries > 0) throw error;
      await mkdir(dirname(path), { recursive: true });
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
