/** The folder of an attempt, made when somebody asks for it. */

import { mkdirSync } from 'node:fs';
import { rm, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';

export type LazyFolder = { path(): string; remove(): Promise<void> };

/** A folder that is there once somebody asks for it: to make and remove one costs more than a small step. */
export function makeLazyFolder(path: string): LazyFolder {
  let isThere = false;
  return {
    path: () => {
      if (!isThere) mkdirSync(path, { recursive: true });
      isThere = true;
      return path;
    },
    remove: async () => {
      if (!isThere) return;
      await rm(path, { recursive: true, force: true }).catch(() => undefined);
      // The folder of its run, unless there are others in it: a worker does not hear when a run is over.
      await rmdir(dirname(path)).catch(() => undefined);
    },
  };
}
