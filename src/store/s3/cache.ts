/**
 * Copies of artifacts on this machine, shared by its processes and bounded by size.
 *
 * 1. A copy appears whole, with its bytes on disk, and never changes.
 * 2. Who uses one holds a second name of it. What has a second name is not removed, and what was removed in the same
 *    moment stays readable under that name: no lock is needed, and a dead process' names are swept.
 * 3. What was used the longest ago goes first.
 * 4. A copy is lent only if it was hashed in this boot of the machine and has kept its size: a power loss may have
 *    damaged what was on disk.
 */

import { existsSync } from 'node:fs';
import {
  chmod,
  copyFile,
  link,
  open,
  readdir,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { sweepTemporary, temporaryName } from '../../os/atomic.ts';
import { readBootId } from '../../os/boot-id.ts';
import { hashFile } from '../../os/hashing.ts';
import { makeFolder } from '../../os/make-folder.ts';
import { byUmask } from '../../os/umask.ts';

export type Cache = {
  readonly folder: string;
  /** A name on its filesystem for a file that is being made. */
  draft(): Promise<string>;
  /** Makes a finished file, which has this hash, a copy. It is gone from `file`. */
  keep(sha256: string, file: string): Promise<void>;
  /** Gives a copy one more name. False: there is none, or it was damaged and has been removed. */
  lend(sha256: string, as: string): Promise<boolean>;
  /** A folder for names of copies that are in use; swept once this process is dead. */
  holding(): string;
  forget(sha256: string): Promise<void>;
  /** Resolves when nothing is being removed. */
  settled(): Promise<void>;
};

/** It is brought down to this part of its bound, so that it is not done for each file. */
const DOWN_TO = 0.9;
/** Bytes that come in, as a part of the bound, before it is looked at again. */
const LOOK_AFTER = 0.02;

/** The cache in a folder, which is made when it is needed. */
export function openCache(root: string, mostBytes: number, bootId = readBootId()): Cache {
  const files = join(root, 'artifacts');
  const held = join(root, 'held');
  const tmp = join(root, 'tmp');
  let came = Infinity;
  let trimming: Promise<void> | undefined;
  const pathOf = (sha256: string): string => join(files, sha256.slice(0, 2), sha256);
  const marks = join(root, 'hashed');
  const markOf = (sha256: string, bytes: number): string =>
    join(marks, bootId, sha256.slice(0, 2), `${sha256}-${bytes}`);
  /** A mark only saves work: where it cannot be written, the next look hashes again. */
  const mark = async (sha256: string, bytes: number): Promise<void> => {
    const path = markOf(sha256, bytes);
    await makeFolder(dirname(path))
      .then(() => writeFile(path, ''))
      .catch(() => undefined);
  };
  const isWhole = async (sha256: string, path: string): Promise<boolean> => {
    const { size } = await stat(path);
    if (existsSync(markOf(sha256, size))) return true;
    if ((await hashFile(path)) !== sha256) return false;
    await mark(sha256, size);
    return true;
  };
  const forget = (sha256: string): Promise<void> => rm(pathOf(sha256), { force: true });

  const trimSoon = (): void => {
    if (came < mostBytes * LOOK_AFTER) return;
    came = 0;
    trimming ??= Promise.all([held, tmp].map((folder) => sweepTemporary(folder)))
      .then(() => dropOthers(marks, bootId))
      .then(() => trim(files, mostBytes, (name, bytes) => markOf(name, bytes)))
      // It is room saved; what could not be removed is found the next time.
      .then(
        () => undefined,
        () => undefined,
      )
      .finally(() => (trimming = undefined));
  };

  return {
    folder: root,
    draft: async () => {
      await makeFolder(tmp);
      return temporaryName(tmp);
    },
    keep: async (sha256, file) => {
      const { size } = await stat(file);
      await chmod(file, byUmask(0o444));
      await onDisk(file);
      await makeFolder(dirname(pathOf(sha256)));
      await rename(file, pathOf(sha256));
      await mark(sha256, size);
      came += size;
      trimSoon();
    },
    lend: async (sha256, as) => {
      try {
        await makeFolder(dirname(as));
        await nameAlso(pathOf(sha256), as).catch((error: NodeJS.ErrnoException) => {
          if (error.code !== 'EEXIST') throw error;
        });
        if (await isWhole(sha256, as)) {
          const now = new Date();
          await utimes(pathOf(sha256), now, now).catch(() => undefined);
          return true;
        }
        await rm(as, { force: true });
        await forget(sha256);
        return false;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
        throw error;
      }
    },
    holding: () => temporaryName(held),
    forget,
    settled: async () => trimming,
  };
}

/** Where a filesystem knows no second names it is a copy of its own. */
async function nameAlso(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK'].includes(code)) throw error;
    const mine = temporaryName(dirname(to));
    await copyFile(from, mine);
    await rename(mine, to);
  }
}

async function onDisk(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** What was hashed in an earlier boot says nothing about this one. */
async function dropOthers(marks: string, bootId: string): Promise<void> {
  for (const name of await namesIn(marks)) {
    if (name !== bootId) await rm(join(marks, name), { recursive: true, force: true });
  }
}

type Copy = {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  readonly usedMs: number;
  readonly isHeld: boolean;
};

async function trim(
  files: string,
  mostBytes: number,
  markOf: (name: string, bytes: number) => string,
): Promise<void> {
  const copies: Copy[] = [];
  for (const shard of await namesIn(files)) {
    for (const name of await namesIn(join(files, shard))) {
      const path = join(files, shard, name);
      const info = await stat(path).catch(() => undefined);
      if (info === undefined) continue;
      const { size: bytes, mtimeMs: usedMs, nlink } = info;
      copies.push({ name, path, bytes, usedMs, isHeld: nlink > 1 });
    }
  }
  let total = copies.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total <= mostBytes) return;
  for (const { name, path, bytes, isHeld } of copies.toSorted((a, b) => a.usedMs - b.usedMs)) {
    if (total <= mostBytes * DOWN_TO) return;
    if (isHeld) continue;
    await rm(path, { force: true });
    await rm(markOf(name, bytes), { force: true });
    total -= bytes;
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch((): string[] => []);
}
