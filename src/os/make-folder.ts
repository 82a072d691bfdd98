/** Makes a folder and those above it, and says truly why it cannot. */

import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Like a recursive mkdir(), which tells of a read-only filesystem as ENOENT: then each folder is made
 * on its own, so that the first refusal comes out as it is.
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await makeOneByOne(path);
  }
}

async function makeOneByOne(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    await makeOneByOne(dirname(path));
    await mkdir(path);
  }
}
