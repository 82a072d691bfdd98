/** sha256 of files and of folders. A folder is known by its manifest: sorted paths with hash and size. */

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

export type TreeEntry = { readonly path: string; readonly sha256: string; readonly bytes: number };

/** sha256 (hex) of a file's bytes. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
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
  return paths.sort();
}

/** The manifest of a folder. */
export async function treeOf(folder: string): Promise<readonly TreeEntry[]> {
  const entries: TreeEntry[] = [];
  for (const path of await filesBelow(folder)) {
    const absolute = join(folder, path);
    entries.push({ path, sha256: await hashFile(absolute), bytes: (await stat(absolute)).size });
  }
  return entries;
}

/** The manifest's one text, which its sha256 is taken of. */
export function treeText(entries: readonly TreeEntry[]): string {
  return `${JSON.stringify(entries)}\n`;
}
