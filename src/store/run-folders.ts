/** The folders of runs in a state folder, with plan, logs and kept rows: what goes when a run is off the record. */

import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { diskUse } from '../os/disk-use.ts';

import type { DiskUse } from '../os/disk-use.ts';

export type RunFolders = {
  /** Ids of the runs that have one, each with what lies in it. */
  list(): Promise<ReadonlyMap<string, DiskUse>>;
  has(runId: string): boolean;
  remove(runId: string): Promise<void>;
};

/** Those of a state folder. Killed while it removes one, the rest of it is removed the next time. */
export function runFolders(stateDir: string): RunFolders {
  const folder = (runId: string): string => join(stateDir, 'runs', runId);
  return {
    list: async () => {
      const found = new Map<string, DiskUse>();
      for (const id of await readdir(join(stateDir, 'runs')).catch((): string[] => [])) {
        found.set(id, await diskUse(folder(id)));
      }
      return found;
    },
    has: (runId) => existsSync(folder(runId)),
    remove: (runId) => rm(folder(runId), { recursive: true, force: true }),
  };
}
