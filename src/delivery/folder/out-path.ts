/** Which folder an `--out` means, and which folder beside it is ours. Reads links, changes nothing. */

import { lstat, readlink, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

import { refusePlanted } from './planted.ts';

/** Links followed before a circle is assumed, as the system does. */
const MOST_LINKS = 40;

/**
 * The real, absolute path of `--out`, the same by whatever links it is reached: a link there stays, and
 * what it points to is filled, even if that does not exist yet.
 */
export async function resolveOut(out: string): Promise<string> {
  let path = resolve(out);
  for (let links = 0; links < MOST_LINKS; links += 1) {
    path = join(await realParent(dirname(path)), basename(path));
    const info = await lstat(path).catch(() => undefined);
    if (info?.isSymbolicLink() !== true) return path;
    await refusePlanted(path);
    path = resolve(dirname(path), await readlink(path));
  }
  throw new Error(`${out} is a link that leads back to itself`);
}

/** The folder beside `--out` that holds lock, staging and journal: on its filesystem, hidden. */
export function sideFolder(out: string): string {
  return join(dirname(out), `.${basename(out)}.builder`);
}

/** True for the name of such a folder. */
export function isSideFolder(name: string): boolean {
  return /^\..+\.builder$/.test(name);
}

async function realParent(folder: string): Promise<string> {
  try {
    return await realpath(folder);
  } catch {
    const above = dirname(folder);
    return above === folder ? folder : join(await realParent(above), basename(folder));
  }
}
