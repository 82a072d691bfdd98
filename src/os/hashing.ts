/** sha256 of files and of folders. A folder is known by its manifest: sorted paths with hash and size. */

import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { piecesOf } from './pieces.ts';

/** A file of a folder; `path` is relative, with `/`. Folders without files are not kept. */
export type TreeEntry = {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly executable?: true;
};

/** sha256 (hex) of a file's bytes. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of piecesOf(path)) hash.update(piece);
  return hash.digest('hex');
}

/** sha256 (hex) of a text. */
export function hashText(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Relative paths of every file below a folder, sorted. Links and devices are refused. */
export async function filesBelow(folder: string, prefix = ''): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const entry of await readdir(join(folder, prefix), { withFileTypes: true })) {
    const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
    if (entry.isDirectory()) paths.push(...(await filesBelow(folder, path)));
    else if (entry.isFile()) paths.push(path);
    else throw new Error(`${join(folder, path)} is neither a file nor a folder`);
  }
  return paths.toSorted();
}

/** The manifest of a folder. */
export async function treeOf(folder: string): Promise<readonly TreeEntry[]> {
  const entries: TreeEntry[] = [];
  for (const path of await filesBelow(folder)) {
    const absolute = join(folder, path);
    const { size, mode } = await stat(absolute);
    const sha256 = await hashFile(absolute);
    entries.push({ path, sha256, bytes: size, ...(mode & 0o100 ? { executable: true } : {}) });
  }
  return entries;
}

/** The manifest's one text, which its sha256 is taken of. */
export function treeText(entries: readonly TreeEntry[]): string {
  return `${JSON.stringify(entries)}\n`;
}

/** The entries of a manifest's text, none of which leaves the folder; undefined if it is damaged. */
export function parseTree(text: string): readonly TreeEntry[] | undefined {
  try {
    const entries = JSON.parse(text) as readonly TreeEntry[];
    return Array.isArray(entries) && entries.every((entry) => isInside(entry.path))
      ? entries
      : undefined;
  } catch {
    return undefined;
  }
}

function isInside(path: unknown): boolean {
  return typeof path === 'string' && !path.startsWith('/') && !path.split('/').includes('..');
}
