/** How much lies in a folder. Reads only; what goes away while it looks counts as gone. */

import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

export type DiskUse = {
  readonly files: number;
  readonly bytes: number;
  /** When the newest of it was written. */ readonly newestMs: number;
};

const NOTHING: DiskUse = Object.freeze({ files: 0, bytes: 0, newestMs: 0 });

/** Files, bytes and newest change of a file, or of a folder and everything below it. */
export async function diskUse(path: string): Promise<DiskUse> {
  const info = await lstat(path).catch(() => undefined);
  if (info === undefined) return NOTHING;
  if (!info.isDirectory()) return { files: 1, bytes: info.size, newestMs: info.mtimeMs };
  let sum: DiskUse = { files: 0, bytes: 0, newestMs: info.mtimeMs };
  for (const name of await readdir(path).catch((): string[] => [])) {
    sum = both(sum, await diskUse(join(path, name)));
  }
  return sum;
}

/** Of two folders together. */
export function both(a: DiskUse, b: DiskUse): DiskUse {
  return {
    files: a.files + b.files,
    bytes: a.bytes + b.bytes,
    newestMs: Math.max(a.newestMs, b.newestMs),
  };
}
