/** Artifacts by content. Bytes are synced before the name that promises them appears; names never change their bytes. */

import { constants } from 'node:fs';
import {
  chmod,
  copyFile,
  mkdir,
  open,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { temporaryName } from './atomic.ts';
import { hashFile, hashText, treeOf, treeText } from './hashing.ts';

import type { ArtifactRef } from '../model/step-result.ts';
import type { TreeEntry } from './hashing.ts';
import type { Store } from './store.ts';

export type Artifacts = Pick<Store, 'put' | 'pathOf' | 'copyTo' | 'verify'>;

/** The artifact part of a local store. `tmp` is on the same filesystem as `root`. */
export function openArtifacts(root: string, tmp: string): Artifacts {
  const pathOf = ({ sha256 }: Pick<ArtifactRef, 'sha256'>): string =>
    join(root, 'artifacts', sha256.slice(0, 2), sha256);

  /** Moves a file of known hash to its name, if that is not there yet. */
  const place = async (file: string, sha256: string): Promise<void> => {
    const target = pathOf({ sha256 });
    const size = (await stat(file)).size;
    if ((await sizeOf(target)) === size) return rm(file);
    await mkdir(dirname(target), { recursive: true });
    const handle = await open(file, 'r');
    await handle.sync().finally(() => handle.close());
    await chmod(file, 0o444);
    try {
      await rename(file, target);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
      const beside = temporaryName(tmp);
      await copyFile(file, beside);
      await chmod(beside, 0o444);
      await rename(beside, target);
      await rm(file);
    }
  };

  const entriesOf = async (ref: Pick<ArtifactRef, 'sha256'>): Promise<readonly TreeEntry[]> =>
    JSON.parse(await readFile(pathOf(ref), 'utf8')) as readonly TreeEntry[];

  const isThere = async (sha256: string, bytes: number, deep: boolean): Promise<boolean> => {
    const path = pathOf({ sha256 });
    if ((await sizeOf(path)) !== bytes) return false;
    return !deep || (await hashFile(path)) === sha256;
  };

  return {
    pathOf,
    put: async (path, about) => {
      if (about.format === 'tree') {
        const entries = await treeOf(path);
        for (const entry of entries) await place(join(path, entry.path), entry.sha256);
        const text = treeText(entries);
        const file = temporaryName(tmp);
        await writeFile(file, text);
        await place(file, hashText(text));
        const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
        return { ...about, sha256: hashText(text), bytes };
      }
      const bytes = (await stat(path)).size;
      const sha256 = await hashFile(path);
      await place(path, sha256);
      return { ...about, sha256, bytes };
    },
    copyTo: async (ref, target) => {
      await mkdir(ref.format === 'tree' ? target : dirname(target), { recursive: true });
      if (ref.format !== 'tree') return copyOut(pathOf(ref), target);
      for (const entry of await entriesOf(ref)) {
        await mkdir(dirname(join(target, entry.path)), { recursive: true });
        await copyOut(pathOf(entry), join(target, entry.path));
      }
    },
    verify: async (ref, options = {}) => {
      const deep = options.deep ?? false;
      if (ref.format !== 'tree') return isThere(ref.sha256, ref.bytes, deep);
      const entries = await entriesOf(ref).catch(() => undefined);
      if (entries === undefined || hashText(treeText(entries)) !== ref.sha256) return false;
      for (const entry of entries) {
        if (!(await isThere(entry.sha256, entry.bytes, deep))) return false;
      }
      return true;
    },
  };
}

/** A copy of its own, writable, reflinked where the filesystem can. */
async function copyOut(from: string, to: string): Promise<void> {
  await copyFile(from, to, constants.COPYFILE_FICLONE);
  await chmod(to, 0o644);
}

async function sizeOf(path: string): Promise<number | undefined> {
  const info = await stat(path).catch(() => undefined);
  return info?.size;
}
