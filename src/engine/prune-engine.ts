/**
 * Removes the embedded engine's database, so that the next server makes a new one: its file never shrinks by itself, and
 * nothing but Temporal's own page needs what it says of runs that are over. Databases of other server versions go too.
 *
 * 1. Never while a server runs, or a command uses or waits for one: the lock keeps out whoever would start one.
 * 2. A database goes in one step under another name, so a kill leaves it whole or away.
 */

import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { sweepTemporary } from '../os/atomic.ts';
import { both, diskUse } from '../os/disk-use.ts';
import { withLease } from '../os/lease-turn.ts';
import { settleRecords } from './end-server.ts';
import { enginePaths } from './engine-paths.ts';
import { livingLeases } from './leases.ts';
import { readServers, runningServer } from './server-records.ts';

import type { DiskUse } from '../os/disk-use.ts';
import type { EnginePaths } from './engine-paths.ts';

export type PrunedEngine = DiskUse & {
  /** Set: it stays, since this uses it; a process id where that is known. */
  readonly inUseBy?: number | 'a command';
};

const VERSION = /^\d+\.\d+/;
const GONE = /^\.gone-[0-9a-f]{12}$/;

/** Answers what there was. `look`: nothing is removed. */
export async function pruneEngine(
  stateDir: string,
  {
    look,
    onWait = () => undefined,
  }: { readonly look: boolean; readonly onWait?: (who: string) => void },
): Promise<PrunedEngine> {
  const paths = enginePaths(stateDir);
  if (!existsSync(paths.root)) return { files: 0, bytes: 0, newestMs: 0 };
  if (look) return withUser(await measured(paths), userOf(paths));
  return withLease(
    paths.lock,
    async () => {
      const use = await measured(paths);
      if (livingLeases(paths.leases).length > 0) return withUser(use, userOf(paths) ?? 'a command');
      await settleRecords(paths);
      const user = userOf(paths);
      if (user !== undefined) return withUser(use, user);
      await sweepTemporary(paths.root);
      for (const name of await removable(paths)) {
        const gone = join(paths.root, `.gone-${randomBytes(6).toString('hex')}`);
        await rename(join(paths.root, name), gone);
        await rm(gone, { recursive: true, force: true });
      }
      return use;
    },
    { onWait },
  );
}

function withUser(use: DiskUse, inUseBy: PrunedEngine['inUseBy']): PrunedEngine {
  return inUseBy === undefined ? use : { ...use, inUseBy };
}

/** A server that is stopping is nobody's: whoever prunes sees it off. */
function userOf({ servers, leases }: EnginePaths): PrunedEngine['inUseBy'] {
  const running = runningServer(servers);
  if (running !== undefined) return running.record.pid;
  const isStarting = readServers(servers).some(
    ({ state }) => state === 'claimed' || state === 'starting',
  );
  return isStarting || livingLeases(leases).length > 0 ? 'a command' : undefined;
}

async function removable({ root }: EnginePaths): Promise<readonly string[]> {
  const names = await readdir(root).catch((): string[] => []);
  return names.filter(
    (name) => VERSION.test(name) || GONE.test(name) || /^server\.log(\.old)?$/.test(name),
  );
}

async function measured(paths: EnginePaths): Promise<DiskUse> {
  let sum: DiskUse = { files: 0, bytes: 0, newestMs: 0 };
  for (const name of await removable(paths)) sum = both(sum, await diskUse(join(paths.root, name)));
  return sum;
}
