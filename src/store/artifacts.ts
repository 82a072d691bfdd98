/**
 * Artifacts by content.
 *
 * 1. A file is first moved out of its maker's reach, then hashed, synced and given its hash as a name.
 * 2. Putting bytes that are there already replaces them by themselves: what a power loss damaged heals.
 * 3. What is read back leaves as a copy of its own, so that no edit reaches the store.
 */

import { constants } from 'node:fs';
import { chmod, copyFile, lstat, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { temporaryName, writeWhole } from '../os/atomic.ts';
import { explainFsFailure, inClearWords } from './fs-failure.ts';
import { filesBelow, hashFile, hashText, parseTree, treeText } from '../os/hashing.ts';
import { byUmask } from '../os/umask.ts';

import type { ArtifactRef } from '../model/step-result.ts';
import type { TreeEntry } from '../os/hashing.ts';
import type { ArtifactStore } from './store.ts';

/** Most files of a folder that are stored at once: enough for the disk to sync them together. */
const AT_ONCE = 8;
/** More often a folder is not removed under a file that is put into it. */
const MOST_TRIES = 10;

/** The artifact part of a local store. `tmp` is on the same filesystem as `root`. */
export function openArtifacts(root: string, tmp: string): ArtifactStore {
  const pathOf = ({ sha256 }: Pick<ArtifactRef, 'sha256'>): string => {
    if (!/^[0-9a-f]{64}$/.test(sha256))
      throw new Error(`'${sha256}' is not the name of an artifact`);
    return join(root, 'artifacts', sha256.slice(0, 2), sha256);
  };

  /** Stores one file; it is gone from `path` afterwards. */
  const putFile = async (path: string): Promise<TreeEntry> => {
    const mine = temporaryName(tmp);
    try {
      const executable = await takeAway(path, mine);
      await chmod(mine, byUmask(0o444));
      const sha256 = await hashFile(mine);
      const { size } = await stat(mine);
      await settle(mine, pathOf({ sha256 }));
      return { path, sha256, bytes: size, ...(executable ? { executable } : {}) };
    } finally {
      await rm(mine, { force: true });
    }
  };

  const putTree = async (folder: string): Promise<{ sha256: string; bytes: number }> => {
    const paths = await filesBelow(folder);
    const entries: TreeEntry[] = [];
    for (let i = 0; i < paths.length; i += AT_ONCE) {
      const some = paths.slice(i, i + AT_ONCE).map(async (path) => {
        const { path: _, ...rest } = await putFile(join(folder, path));
        return { path, ...rest };
      });
      entries.push(...(await Promise.all(some)));
    }
    const manifest = temporaryName(tmp);
    await writeWhole(manifest, treeText(entries), { sync: false });
    const { sha256 } = await putFile(manifest);
    return { sha256, bytes: entries.reduce((sum, entry) => sum + entry.bytes, 0) };
  };

  const entriesOf = async (
    ref: Pick<ArtifactRef, 'sha256'>,
  ): Promise<readonly TreeEntry[] | undefined> => {
    const text = await readFile(pathOf(ref), 'utf8').catch(() => undefined);
    return text !== undefined && hashText(text) === ref.sha256 ? parseTree(text) : undefined;
  };

  const isThere = async (sha256: string, bytes: number, deep: boolean): Promise<boolean> => {
    const path = pathOf({ sha256 });
    if ((await stat(path).catch(() => undefined))?.size !== bytes) return false;
    return !deep || (await hashFile(path).catch(() => '')) === sha256;
  };

  return {
    materialize: async (ref) => pathOf(ref),
    hold: () => ({ materialize: async (ref) => pathOf(ref), release: async () => undefined }),
    put: async (path, about) =>
      inClearWords('store', path, async () => {
        const { sha256, bytes } =
          about.format === 'tree' ? await putTree(path) : await putFile(path);
        return { ...about, sha256, bytes };
      }),
    copyTo: async (ref, target) => {
      if (ref.format !== 'tree') {
        await mkdir(dirname(target), { recursive: true });
        return copyOut(pathOf(ref), target, false);
      }
      const entries = await entriesOf(ref);
      if (entries === undefined) throw new Error(`the stored folder ${ref.sha256} is damaged`);
      await mkdir(target, { recursive: true });
      for (const { path, sha256, executable } of entries) {
        await mkdir(dirname(join(target, path)), { recursive: true });
        await copyOut(pathOf({ sha256 }), join(target, path), executable ?? false);
      }
    },
    verify: async (ref, { deep = false } = {}) => {
      if (ref.format !== 'tree') return isThere(ref.sha256, ref.bytes, deep);
      const entries = await entriesOf(ref);
      if (entries === undefined) return false;
      for (const entry of entries) {
        if (!(await isThere(entry.sha256, entry.bytes, deep))) return false;
      }
      return true;
    },
  };
}

/**
 * Brings a file under a name of our own; true if it was executable. Renamed where nobody else can
 * hold it, else copied: a link, a second name of the same bytes, another filesystem.
 */
export async function takeAway(path: string, mine: string): Promise<boolean> {
  const info = await lstat(path);
  const { mode } = info.isSymbolicLink() ? await stat(path) : info;
  if (info.isFile() && info.nlink === 1) {
    try {
      await rename(path, mine);
      return (mode & 0o100) !== 0;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    }
  }
  if (!(await stat(path)).isFile()) throw new Error(`${path} is not a file`);
  await copyFile(path, mine, constants.COPYFILE_FICLONE);
  await rm(path);
  return (mode & 0o100) !== 0;
}

/** Gives a complete file its name, its bytes on disk first. */
async function settle(mine: string, target: string): Promise<void> {
  const handle = await open(mine, 'r');
  try {
    await handle.datasync();
  } finally {
    await handle.close();
  }
  for (let tries = 1; ; tries += 1) {
    try {
      return await rename(mine, target);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || tries === MOST_TRIES) throw error;
      // Its folder is not there yet, or was empty and pruned.
      await mkdir(dirname(target), { recursive: true });
    }
  }
}

/** A copy of its own, writable, reflinked where the filesystem can. */
export async function copyOut(from: string, to: string, executable: boolean): Promise<void> {
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE);
    await chmod(to, byUmask(executable ? 0o777 : 0o666));
  } catch (error) {
    throw explainFsFailure(error, 'write', to);
  }
}
