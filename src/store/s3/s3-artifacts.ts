/**
 * Artifacts in a bucket, by content.
 *
 * 1. Each put is an object of its own, `artifacts/<sha256>/<random>`: no key is ever written twice, so what prune has
 *    listed is what it removes, whoever stores the same bytes meanwhile.
 * 2. Bytes go out signed with their hash, and come in hashed before anybody sees them.
 * 3. What was put, or fetched, has a copy on this machine.
 * 4. Of objects of one artifact that were damaged the others are used; damaged ones go, so that its step runs again
 *    once there is none left.
 */

import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as later } from 'node:timers';

import { writeWhole } from '../../os/atomic.ts';
import { filesBelow, hashFile, hashText, parseTree, treeText } from '../../os/hashing.ts';
import { byUmask } from '../../os/umask.ts';
import { copyOut, takeAway } from '../artifacts.ts';
import { inClearWords } from '../fs-failure.ts';
import { artifactKey, artifactOf } from './artifact-keys.ts';
import { areThere } from './artifacts-there.ts';
import { makeGate } from './gate.ts';

import type { ArtifactRef } from '../../model/step-result.ts';
import type { TreeEntry } from '../../os/hashing.ts';
import type { ArtifactStore } from '../store.ts';
import type { Cache } from './cache.ts';
import type { Listed, Objects } from './objects.ts';

/** Files of a folder that are on their way at once. */
const AT_ONCE = 16;
/** How long a path stays that nobody said to hold. */
const LENT_MS = 10 * 60 * 1000;
/** More often an object is not removed between a list and a look. */
const MOST_TRIES = 5;
/** Copies of one artifact that are looked at. */
const MOST_COPIES = 100;

/** What is stored of an artifact is proven not to be it, or not to be there: no failure of whoever looks. */
export class Unsound extends Error {
  constructor(sha256: string, why: string) {
    super(`the stored artifact ${sha256} is ${why}`);
  }
}

/** The artifact part of a store. */
export function openS3Artifacts(objects: Objects, cache: Cache): ArtifactStore {
  const fetching = new Map<string, Promise<void>>();
  const some = makeGate(AT_ONCE);

  const lookFor = async (sha256: string): Promise<readonly Listed[]> => {
    if (!/^[0-9a-f]{64}$/.test(sha256))
      throw new Error(`'${sha256}' is not the name of an artifact`);
    const { objects: found } = await objects.list(artifactKey(sha256, ''), { most: MOST_COPIES });
    return found.filter(({ key }) => artifactOf(key) !== undefined);
  };

  /** Bytes that came wrong twice, in the same way, are so in the bucket, and nobody else's: their key is never written again. */
  const dropDamaged = async ({ key, bytes }: Listed, came: string): Promise<void> => {
    const mine = await cache.draft();
    try {
      const again = await objects.download(key, bytes, mine);
      // Who may only read leaves them there.
      if (again === came) await objects.remove([key]).catch(() => undefined);
    } finally {
      await rm(mine, { force: true });
    }
  };
  const download = async (sha256: string): Promise<void> => {
    let isDamaged = false;
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const found = (await lookFor(sha256)).toSorted((a, b) => b.writtenMs - a.writtenMs);
      let isMoving = false;
      for (const object of found) {
        const mine = await cache.draft();
        try {
          const came = await objects.download(object.key, object.bytes, mine);
          if (came === sha256) return await cache.keep(sha256, mine);
          if (came === undefined) isMoving = true;
          else {
            isDamaged = true;
            await dropDamaged(object, came);
          }
        } finally {
          await rm(mine, { force: true });
        }
      }
      if (!isMoving) break;
    }
    throw new Unsound(sha256, isDamaged ? 'damaged' : 'not in the store');
  };
  const fetch = (sha256: string): Promise<void> => {
    const running = fetching.get(sha256);
    if (running !== undefined) return running;
    const started = inClearWords('keep a copy of an artifact in', cache.folder, () =>
      download(sha256),
    ).finally(() => fetching.delete(sha256));
    fetching.set(sha256, started);
    return started;
  };
  /** Gives the bytes a name that stays until it is removed. */
  const lend = (sha256: string, as: string): Promise<string> =>
    inClearWords('use the copies of artifacts in', cache.folder, async () => {
      for (let tries = 0; tries < MOST_TRIES; tries += 1) {
        if (await cache.lend(sha256, as)) return as;
        await fetch(sha256);
      }
      throw new Error(`the copy of artifact ${sha256} is removed again and again`);
    });

  const hold: ArtifactStore['hold'] = () => {
    const folder = cache.holding();
    return {
      materialize: ({ sha256 }) => lend(sha256, join(folder, sha256)),
      release: () => rm(folder, { recursive: true, force: true }),
    };
  };
  /** What nobody says to hold is held together, from one change to the next but one. */
  let lent: { readonly held: ReturnType<typeof hold>; readonly sinceMs: number } | undefined;
  const lentNow = (): ReturnType<typeof hold> => {
    const nowMs = performance.now();
    if (lent !== undefined && nowMs - lent.sinceMs < LENT_MS) return lent.held;
    const before = lent?.held;
    if (before !== undefined) later(() => void before.release(), LENT_MS).unref();
    lent = { held: hold(), sinceMs: nowMs };
    return lent.held;
  };
  const using = async <T>(sha256: string, work: (path: string) => Promise<T>): Promise<T> => {
    const { materialize, release } = hold();
    try {
      return await work(await materialize({ sha256 }));
    } finally {
      await release();
    }
  };

  /** Stores one file; it is gone from `path` afterwards. */
  const putFile = async (path: string): Promise<TreeEntry> => {
    const mine = await cache.draft();
    try {
      const executable = await takeAway(path, mine);
      await chmod(mine, byUmask(0o444));
      const sha256 = await hashFile(mine);
      const { size } = await stat(mine);
      await objects.upload(artifactKey(sha256, randomBytes(8).toString('hex')), mine, size);
      await cache.keep(sha256, mine);
      return { path, sha256, bytes: size, ...(executable ? { executable } : {}) };
    } finally {
      await rm(mine, { force: true });
    }
  };

  const putTree = async (folder: string): Promise<{ sha256: string; bytes: number }> => {
    const entries = await Promise.all(
      (await filesBelow(folder)).map((path) =>
        some(async () => {
          const { path: _, ...rest } = await putFile(join(folder, path));
          return { path, ...rest };
        }),
      ),
    );
    const manifest = await cache.draft();
    await writeWhole(manifest, treeText(entries), { sync: false });
    const { sha256 } = await putFile(manifest);
    return { sha256, bytes: entries.reduce((sum, entry) => sum + entry.bytes, 0) };
  };

  /** @throws Unsound */
  const entriesOf = async (sha256: string): Promise<readonly TreeEntry[]> => {
    const read = () => using(sha256, (path) => readFile(path, 'utf8'));
    let text = await read();
    if (hashText(text) !== sha256) {
      await cache.forget(sha256);
      text = await read();
    }
    const entries = hashText(text) === sha256 ? parseTree(text) : undefined;
    if (entries === undefined) throw new Unsound(sha256, 'damaged');
    return entries;
  };

  const isThere = async (sha256: string, bytes: number, deep: boolean): Promise<boolean> => {
    const found = await lookFor(sha256);
    if (!found.some((object) => object.bytes === bytes)) return false;
    if (!deep) return true;
    await cache.forget(sha256);
    await fetch(sha256);
    return true;
  };
  const isTreeThere = async (sha256: string, deep: boolean): Promise<boolean> => {
    // The copy of the manifest may outlive what is stored.
    if ((await lookFor(sha256)).length === 0) return false;
    if (deep) await cache.forget(sha256);
    const entries = await entriesOf(sha256);
    if (!deep) return areThere(objects, entries);
    const all = await Promise.all(
      entries.map((entry) => some(() => isThere(entry.sha256, entry.bytes, true))),
    );
    return all.every(Boolean);
  };

  return {
    hold,
    materialize: (ref) => lentNow().materialize(ref),
    put: (path, about) =>
      inClearWords('store', path, async () => {
        const { sha256, bytes } =
          about.format === 'tree' ? await putTree(path) : await putFile(path);
        return { ...about, sha256, bytes };
      }),
    copyTo: async (ref: ArtifactRef, target) => {
      if (ref.format !== 'tree') {
        await mkdir(dirname(target), { recursive: true });
        return using(ref.sha256, (path) => copyOut(path, target, false));
      }
      const entries = await entriesOf(ref.sha256);
      await mkdir(target, { recursive: true });
      await Promise.all(
        entries.map(({ path, sha256, executable }) =>
          some(async () => {
            await mkdir(dirname(join(target, path)), { recursive: true });
            await using(sha256, (from) => copyOut(from, join(target, path), executable ?? false));
          }),
        ),
      );
    },
    verify: async (ref, { deep = false } = {}) => {
      try {
        if (ref.format === 'tree') return await isTreeThere(ref.sha256, deep);
        return await isThere(ref.sha256, ref.bytes, deep);
      } catch (error) {
        // A machine that cannot look says nothing about what is stored.
        if (error instanceof Unsound) return false;
        throw error;
      }
    },
  };
}
