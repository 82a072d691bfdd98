/** The bytes of a local store: files named by their content, in folders named by its beginning. */

import { randomBytes } from 'node:crypto';
import { linkSync } from 'node:fs';
import { readdir, readFile, rename, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { replaceFile } from '../../os/atomic.ts';
import { parseTree } from '../../os/hashing.ts';
import { makeFolder } from '../../os/make-folder.ts';
import { safeName } from '../../os/safe-name.ts';

import type { Batch, Batches, Bytes, ListedFile } from './bytes.ts';

/** What `remove` has in its hands lies in `<root>/aside/<name>.<random>`. */
export function localBytes(root: string): Bytes {
  const artifacts = join(root, 'artifacts');
  const aside = join(root, 'aside');
  const pathOf = (name: string): string => join(artifacts, name.slice(0, 2), name);

  return {
    filesOf: async ({ sha256, bytes, format }) => {
      if (format !== 'tree') return [{ name: sha256, bytes }];
      const text = await readFile(pathOf(sha256), 'utf8').catch(() => '');
      const entries = parseTree(text) ?? [];
      return [
        { name: sha256, bytes: Buffer.byteLength(text) },
        ...entries.map((entry) => ({ name: entry.sha256, bytes: entry.bytes })),
      ];
    },
    textOf: async ({ sha256 }) => readFile(pathOf(sha256), 'utf8').catch(() => ''),
    list: async () => {
      const listed = new Map<string, ListedFile>();
      for (const shard of await namesIn(artifacts)) {
        for (const name of await namesIn(join(artifacts, shard))) {
          const file = await lookAt(join(artifacts, shard, name));
          if (file !== undefined) listed.set(name, file);
        }
      }
      return listed;
    },
    remove: async (name, identity) => {
      const path = pathOf(name);
      if ((await lookAt(path))?.identity !== identity) return false;
      await makeFolder(aside);
      const mine = join(aside, `${name}.${randomBytes(4).toString('hex')}`);
      await rename(path, mine);
      // What was stored under the name in between goes back there.
      const isSame = (await lookAt(mine))?.identity === identity;
      if (!isSame) putBack(mine, path);
      await rm(mine, { force: true });
      return isSame;
    },
    tidy: async ({ isNamed, isFound }) => {
      for (const file of await namesIn(aside)) {
        const [name = ''] = file.split('.');
        if (isNamed(name)) putBack(join(aside, file), pathOf(name));
        await rm(join(aside, file), { force: true });
      }
      await rmdir(aside).catch(() => undefined);
      for (const shard of await namesIn(artifacts)) {
        await rmdir(join(artifacts, shard)).catch(() => undefined);
      }
      await forgetMarks(join(root, 'verified'), isFound);
    },
    journalBytes: async () => {
      const folder = join(root, 'journal');
      const files = await Promise.all(
        (await namesIn(folder)).map((name) => lookAt(join(folder, name))),
      );
      return files.reduce((sum, file) => sum + (file?.bytes ?? 0), 0);
    },
  };
}

/** Batches in one small file, which is not there most of the time. */
export function localBatches(root: string): Batches {
  const path = join(root, 'waiting.json');
  return {
    read: async () => {
      try {
        const batches: unknown = JSON.parse(await readFile(path, 'utf8'));
        return Array.isArray(batches) ? (batches as readonly Batch[]) : [];
      } catch {
        // What it said is found again, and waits anew.
        return [];
      }
    },
    write: async (batches) => {
      if (batches.length === 0) return rm(path, { force: true });
      return replaceFile(path, JSON.stringify(batches), { sync: true, tmp: join(root, 'tmp') });
    },
  };
}

/** A file of one name is another one if it has another number, or was written at another time. */
async function lookAt(path: string): Promise<ListedFile | undefined> {
  const info = await stat(path, { bigint: true }).catch(() => undefined);
  if (info === undefined || !info.isFile()) return undefined;
  return { bytes: Number(info.size), identity: `${info.ino}-${info.mtimeNs}` };
}

function putBack(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    // The same bytes were stored once more.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Marks of results that were hashed again are named after them. */
async function forgetMarks(
  folder: string,
  isFound: (fingerprint: string) => boolean,
): Promise<void> {
  for (const boot of await namesIn(folder)) {
    for (const name of await namesIn(join(folder, boot))) {
      // A fingerprint is a file name as it is.
      if (safeName(name) === name && !isFound(name)) {
        await rm(join(folder, boot, name), { force: true });
      }
    }
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch((): string[] => []);
}
