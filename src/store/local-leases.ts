/** Leases of a store in a folder: an entry each in its folder `leases`, as those of `--out` are. */

import { rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { LEASE, takeLease } from '../os/lease.ts';
import { holdingOf, readEntries, sightIn } from '../os/lease-files.ts';
import { makeFolder } from '../os/make-folder.ts';

import type { LeaseTiming, Taken } from '../os/lease.ts';
import type { Leases } from './leases.ts';

/** Nothing is created before a lease is. */
export function localLeases(root: string, timing: LeaseTiming = LEASE): Leases {
  const base = join(root, 'leases');
  return {
    lookEveryMs: 250,
    takeLease: async (name) => {
      const taken = await take(join(base, name), timing);
      if (!taken.taken) return undefined;
      const { lease } = taken;
      return { lost: lease.lost, release: async () => lease.release() };
    },
    heldLeases: async (folder) => {
      const path = join(base, folder);
      const names = (await entriesIn(path)).flatMap((entry) =>
        entry.isFile() ? (/^([a-z0-9_-]+)\.\d+$/.exec(entry.name)?.[1] ?? []) : [],
      );
      if (names.length === 0) return [];
      let sight: ReturnType<typeof sightIn> | undefined;
      const isHeld = (name: string): boolean => {
        const entries = readEntries(
          join(path, name),
          () => (sight ??= sightIn(path)),
          timing.ttlMs,
        );
        if (holdingOf(entries) !== undefined) return true;
        // Of a name that nobody takes again: who stood in line, and was killed.
        for (const { file, leftMs } of entries) if (leftMs <= 0) rmSync(file, { force: true });
        return false;
      };
      return [...new Set(names)].filter(isHeld).toSorted();
    },
    leaseFolders: async (folder) =>
      (await entriesIn(join(base, folder)))
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name)
        .toSorted(),
  };
}

function entriesIn(folder: string) {
  return readdir(folder, { withFileTypes: true }).catch(() => []);
}

async function take(path: string, timing: LeaseTiming): Promise<Taken> {
  await makeFolder(dirname(path));
  return takeLease(path, { timing });
}
