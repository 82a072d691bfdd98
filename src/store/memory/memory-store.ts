/**
 * A store in memory, for tests and for runs that need not be remembered. Only `materialize` touches the disk: it
 * writes an artifact into a folder of this machine, as a store elsewhere would.
 */

import { constants } from 'node:fs';
import { chmod, lstat, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { temporaryName } from '../../os/atomic.ts';
import { filesBelow, hashText, treeText } from '../../os/hashing.ts';
import { byUmask } from '../../os/umask.ts';
import { STORE_FOLDING } from '../folds/folding.ts';
import { makeJournalStore } from '../journal-store.ts';
import { makeStorePruning } from '../prune/prune-store.ts';
import { openMemoryJournal } from './memory-journal.ts';
import { memoryLeases } from './memory-leases.ts';

import { createHash } from 'node:crypto';

import type { TreeEntry } from '../../os/hashing.ts';
import type { Batch, Batches, Bytes } from '../prune/bytes.ts';
import type { ArtifactStore, Store, Turn } from '../store.ts';

/** An empty store. `folder` is where artifacts are written to that somebody needs as files. */
export function openMemoryStore({
  folder,
  bootId = 'memory',
}: {
  readonly folder: string;
  readonly bootId?: string;
}): Store {
  const { artifacts, bytes } = memoryArtifacts(folder);
  const journal = openMemoryJournal(STORE_FOLDING);
  let kept: readonly Batch[] = [];
  const batches: Batches = {
    read: async () => kept,
    write: async (written) => void (kept = written),
  };
  const soundness = { isKnown: () => true, note: async () => undefined };
  return {
    bootId,
    ...artifacts,
    ...memoryLeases(),
    ...makeJournalStore({ journal, artifacts, soundness, bootId }),
    adopting: makeMemoryTurn(),
    prune: (work) =>
      work(makeStorePruning({ journal, artifacts, bytes, batches, check: () => undefined })),
    settled: async () => undefined,
    close: () => undefined,
  };
}

function makeMemoryTurn(): Turn {
  let isTaken = false;
  return {
    isTaken: async () => isTaken,
    take: async () => {
      if (isTaken) return undefined;
      isTaken = true;
      return { lost: new Promise(() => undefined), release: () => void (isTaken = false) };
    },
  };
}

function memoryArtifacts(folder: string): {
  readonly artifacts: ArtifactStore;
  readonly bytes: Bytes;
} {
  const files = new Map<string, Buffer>();
  const identities = new Map<string, string>();
  let puts = 0;
  const trees = new Map<string, readonly TreeEntry[]>();

  const keep = (bytes: Buffer): string => {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    files.set(sha256, bytes);
    identities.set(sha256, String((puts += 1)));
    return sha256;
  };
  const bytesOf = (sha256: string): Buffer => {
    const bytes = files.get(sha256);
    if (bytes === undefined) throw new Error(`the artifact ${sha256} is not there`);
    return bytes;
  };
  const putFile = async (path: string): Promise<TreeEntry> => {
    const bytes = await readFile(path);
    const executable = ((await stat(path)).mode & constants.S_IXUSR) !== 0;
    const sha256 = keep(bytes);
    return { path, sha256, bytes: bytes.length, ...(executable ? { executable } : {}) };
  };
  const putTree = async (root: string): Promise<{ sha256: string; bytes: number }> => {
    const entries: TreeEntry[] = [];
    for (const path of await filesBelow(root)) {
      entries.push({ ...(await putFile(join(root, path))), path });
    }
    const sha256 = hashText(treeText(entries));
    keep(Buffer.from(treeText(entries)));
    trees.set(sha256, entries);
    return { sha256, bytes: entries.reduce((sum, entry) => sum + entry.bytes, 0) };
  };
  const write = async (sha256: string, target: string, executable: boolean): Promise<void> => {
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, bytesOf(sha256));
    await chmod(target, byUmask(executable ? 0o777 : 0o666));
  };

  const materialize: ArtifactStore['materialize'] = async ({ sha256 }) => {
    const path = join(folder, sha256);
    if ((await stat(path).catch(() => undefined)) !== undefined) return path;
    await mkdir(folder, { recursive: true });
    const mine = temporaryName(folder);
    await writeFile(mine, bytesOf(sha256), { mode: 0o444 });
    await rename(mine, path);
    return path;
  };
  const artifacts: ArtifactStore = {
    materialize,
    hold: () => ({ materialize, release: async () => undefined }),
    put: async (path, about) => {
      if (about.format !== 'tree' && !(await stat(path)).isFile()) {
        throw new Error(`${path} is not a file`);
      }
      const { sha256, bytes } = about.format === 'tree' ? await putTree(path) : await putFile(path);
      await rm(path, { recursive: (await lstat(path)).isDirectory(), force: true });
      return { ...about, sha256, bytes };
    },
    copyTo: async ({ sha256, format }, target) => {
      if (format !== 'tree') return write(sha256, target, false);
      await mkdir(target, { recursive: true });
      for (const entry of trees.get(sha256) ?? []) {
        await write(entry.sha256, join(target, entry.path), entry.executable ?? false);
      }
    },
    verify: async ({ sha256 }) =>
      files.has(sha256) && (trees.get(sha256) ?? []).every((entry) => files.has(entry.sha256)),
  };
  const bytes: Bytes = {
    textOf: async ({ sha256 }) => files.get(sha256)?.toString('utf8') ?? '',
    filesOf: async (ref) => [
      { name: ref.sha256, bytes: files.get(ref.sha256)?.length ?? 0 },
      ...(ref.format === 'tree' ? (trees.get(ref.sha256) ?? []) : []).map((entry) => ({
        name: entry.sha256,
        bytes: entry.bytes,
      })),
    ],
    list: async () =>
      new Map(
        [...files].map(([name, content]) => [
          name,
          { bytes: content.length, identity: identities.get(name) ?? '' },
        ]),
      ),
    remove: async (name, identity) => {
      if (identities.get(name) !== identity) return false;
      trees.delete(name);
      await rm(join(folder, name), { force: true });
      return files.delete(name);
    },
    tidy: async () => undefined,
    journalBytes: async () => 0,
  };
  return { artifacts, bytes };
}
