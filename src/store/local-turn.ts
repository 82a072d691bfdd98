/** A turn by a lease in a folder of this machine's disk. */

import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

import { readHolder, takeLease } from '../os/lease.ts';

import type { Turn } from './store.ts';

/** The turn whose lease lies at a path; its folder is made when it is taken. */
export function localTurn(path: string): Turn {
  return {
    take: async () => {
      await mkdir(dirname(path), { recursive: true });
      const taken = await takeLease(path);
      return taken.taken ? taken.lease : undefined;
    },
    isTaken: async () => readHolder(path)?.isFree === false,
  };
}
