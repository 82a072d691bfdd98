/** Copies one export into the folder that will become the delivery, and proves that the copy is right. */

import { mkdir, open, rm } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';

import { syncFolder } from '../../os/atomic.ts';
import { filesBelow, hashFile, hashText, treeOf, treeText } from '../../os/hashing.ts';

import type { ArtifactRef, DeliverFile } from '../../model/step-result.ts';
import type { Store } from '../../store/store.ts';
import type { ManifestFile } from './inspect-out.ts';

const OWN_FILES = ['manifest.json', 'run.json'];

/** In the order of the manifest. @throws Error for a path that leaves the delivery, or two that meet */
export function inOrder(files: readonly DeliverFile[]): readonly DeliverFile[] {
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const taken = new Set(OWN_FILES);
  for (const { path } of sorted) {
    const isPlain =
      posix.normalize(path) === path && !posix.isAbsolute(path) && !path.endsWith('/');
    if (!isPlain || path === '.' || path === '..' || path.startsWith('../')) {
      throw new Error(`the export '${path}' would not lie inside the delivery`);
    }
    const meets = [path, ...foldersOf(path)].find((name) => taken.has(name));
    if (meets !== undefined) {
      throw new Error(`the export '${path}' would take the place of '${meets}' in the delivery`);
    }
    taken.add(path);
  }
  return sorted;
}

/** Puts one export into `staging`, on disk and verified, and answers its line of the manifest. */
export async function stage(
  file: DeliverFile,
  staging: string,
  store: Store,
): Promise<ManifestFile> {
  const { path, artifact, from } = file;
  const target = join(staging, path);
  const isWhole =
    (await store.verify(artifact)) &&
    ((await isCopied(artifact, target, store)) ||
      // What went wrong may be a copy on this machine: this looks at what is stored, and makes it anew.
      ((await store.verify(artifact, { deep: true })) &&
        (await isCopied(artifact, target, store))));
  if (!isWhole) {
    throw new Error(
      `the stored bytes of ${path} are damaged; run again with \`resume\` to make them anew`,
    );
  }
  await syncAll(artifact, target);
  const folders = foldersOf(path).map((folder) => join(staging, folder));
  for (const folder of folders) await syncFolder(folder);
  const columns = (await store.noted(file.fingerprint))?.columns[file.output];
  return {
    path,
    sha256: artifact.sha256,
    bytes: artifact.bytes,
    ...(artifact.rows === undefined ? {} : { rows: artifact.rows }),
    ...(columns === undefined ? {} : { columns }),
    from,
  };
}

async function isCopied(artifact: ArtifactRef, target: string, store: Store): Promise<boolean> {
  await rm(target, { recursive: true, force: true });
  await store.copyTo(artifact, target);
  return (await hashOf(artifact, target)) === artifact.sha256;
}

async function hashOf(artifact: ArtifactRef, path: string): Promise<string> {
  return artifact.format === 'tree' ? hashText(treeText(await treeOf(path))) : hashFile(path);
}

async function syncAll(artifact: ArtifactRef, path: string): Promise<void> {
  if (artifact.format !== 'tree') return syncFile(path);
  await mkdir(path, { recursive: true });
  const files = await filesBelow(path);
  for (const file of files) await syncFile(join(path, file));
  const folders = new Set(files.flatMap(foldersOf));
  for (const folder of folders) await syncFolder(join(path, folder));
  await syncFolder(path);
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** `a/b` and `a` of `a/b/c`. */
function foldersOf(path: string): readonly string[] {
  const folder = dirname(path);
  return folder === '.' ? [] : [folder, ...foldersOf(folder)];
}
