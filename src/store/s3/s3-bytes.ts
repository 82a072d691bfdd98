/** The bytes of a store in a bucket as pruning sees them. An artifact is known by all objects that hold it. */

import { readFile } from 'node:fs/promises';

import { parseTree } from '../../os/hashing.ts';
import { ARTIFACTS, artifactKey, artifactOf } from './artifact-keys.ts';
import { Unsound } from './s3-artifacts.ts';
import { TABLES } from './tables.ts';

import type { ArtifactRef } from '../../model/step-result.ts';
import type { Batch, Batches, Bytes, ListedFile } from '../prune/bytes.ts';
import type { ArtifactStore } from '../store.ts';
import type { Objects } from './objects.ts';

/** Uploads in parts that were begun so long ago are nobody's. */
const UPLOAD_MS = 24 * 3600 * 1000;
const WAITING = 'waiting.json';

export function s3Bytes(
  objects: Objects,
  artifacts: Pick<ArtifactStore, 'hold'>,
  uploadMs: number = UPLOAD_MS,
): Bytes {
  const textOf = async ({ sha256 }: Pick<ArtifactRef, 'sha256'>): Promise<string> => {
    const { materialize, release } = artifacts.hold();
    try {
      return await readFile(await materialize({ sha256 }), 'utf8');
    } catch (error) {
      // What only cannot be reached names what it always named.
      if (error instanceof Unsound) return '';
      throw error;
    } finally {
      await release();
    }
  };
  return {
    textOf,
    filesOf: async ({ sha256, bytes, format }) => {
      if (format !== 'tree') return [{ name: sha256, bytes }];
      const text = await textOf({ sha256 });
      const entries = parseTree(text) ?? [];
      return [
        { name: sha256, bytes: Buffer.byteLength(text) },
        ...entries.map((entry) => ({ name: entry.sha256, bytes: entry.bytes })),
      ];
    },
    list: async () => {
      const listed = new Map<string, ListedFile>();
      for await (const { key, bytes } of objects.listAll(ARTIFACTS)) {
        const { sha256, unique } = artifactOf(key) ?? {};
        // What is not ours has nothing to fear.
        if (sha256 === undefined || unique === undefined) continue;
        const before = listed.get(sha256);
        listed.set(sha256, {
          bytes: bytes + (before?.bytes ?? 0),
          identity: before === undefined ? unique : `${before.identity} ${unique}`,
        });
      }
      return listed;
    },
    remove: async (name, identity) => {
      // Each of these keys was written once, and never is again.
      await objects.remove(identity.split(' ').map((unique) => artifactKey(name, unique)));
      return true;
    },
    tidy: async () => {
      await objects.remove(await copiesIn(objects));
      for (const below of [ARTIFACTS, TABLES]) await objects.abortUploads(below, uploadMs);
    },
    journalBytes: async () => {
      let sum = 0;
      for await (const { bytes } of objects.listAll('journal/')) sum += bytes;
      return sum;
    },
  };
}

/** Of artifacts that were stored more than once, every object but the newest. */
async function copiesIn(objects: Objects): Promise<readonly string[]> {
  const copies: string[] = [];
  let newest:
    { readonly sha256: string; readonly key: string; readonly writtenMs: number } | undefined;
  for await (const { key, writtenMs } of objects.listAll(ARTIFACTS)) {
    const { sha256 } = artifactOf(key) ?? {};
    if (sha256 === undefined) continue;
    const isSame = newest?.sha256 === sha256;
    const isNewer = !isSame || newest === undefined || writtenMs >= newest.writtenMs;
    if (isSame && newest !== undefined) copies.push(isNewer ? newest.key : key);
    if (isNewer) newest = { sha256, key, writtenMs };
  }
  return copies;
}

/** Batches in one small object, which is not there most of the time. */
export function s3Batches(objects: Objects): Batches {
  return {
    read: async () => {
      const { bytes } = await objects.read(WAITING);
      if (bytes === undefined) return [];
      const batches: unknown = JSON.parse(bytes.toString('utf8'));
      return Array.isArray(batches) ? (batches as readonly Batch[]) : [];
    },
    write: async (batches) => {
      if (batches.length === 0) return objects.remove([WAITING]);
      return objects.replace(WAITING, Buffer.from(JSON.stringify(batches)));
    },
  };
}
