/**
 * A store in a bucket, shared by any number of processes on any machines.
 *
 * 1. Everything that must happen once is an object that is created only if it is not there. The service is asked
 *    at the opening whether it keeps to that.
 * 2. No clock but the service's decides anything.
 */

import { setTimeout as pause } from 'node:timers/promises';
import { join } from 'node:path';

import { UserError } from '../../model/errors.ts';
import { STORE_FOLDING } from '../folds/folding.ts';
import { makeJournalStore } from '../journal-store.ts';
import { makeStorePruning } from '../prune/prune-store.ts';
import { openCache } from './cache.ts';
import { openS3Artifacts } from './s3-artifacts.ts';
import { s3Batches, s3Bytes } from './s3-bytes.ts';
import { UNFIT_HINT } from './s3-failure.ts';
import { openS3Journal } from './s3-journal.ts';
import { openS3Leases } from './s3-lease.ts';
import { s3NamedLeases } from './s3-named-leases.ts';
import { openS3Logs } from './s3-logs.ts';
import { shownPlace } from './s3-place.ts';

import type { StorePruning } from '../pruning.ts';
import type { Store, Turn } from '../store.ts';
import type { Objects } from './objects.ts';
import type { S3JournalOptions } from './s3-journal.ts';
import type { S3Lease, S3Leases } from './s3-lease.ts';
import type { S3LeaseTiming } from './s3-lease-held.ts';
import type { S3Place } from './s3-place.ts';

export type S3StoreOptions = {
  readonly place: S3Place;
  /** Folder of the copies on this machine. */
  readonly cacheFolder: string;
  /** The machine's boot, as far as copies are concerned. */
  readonly boot?: string;
  readonly journal?: Pick<
    S3JournalOptions<unknown, unknown, unknown>,
    'compactEvery' | 'staleMs' | 'keptMs'
  >;
  readonly lease?: S3LeaseTiming;
  /** Uploads in parts that were begun so long ago are swept by prune. */
  readonly uploadMs?: number;
};

/** Bytes in a bucket survive what becomes of this machine: its boots say nothing about them. */
const BOOT = 's3';
const MARK = 'builder-store.json';
const FORM = Buffer.from(`${JSON.stringify({ form: 1 })}\n`);
const POLL_MS = 1000;

/** A store over these requests. `objects` is closed with it. */
export function s3StoreOver(objects: Objects, options: S3StoreOptions): Store {
  const { place, cacheFolder } = options;
  const cache = openCache(cacheFolder, place.cacheBytes, options.boot);
  const artifacts = openS3Artifacts(objects, cache);
  const journal = openS3Journal({
    ...{ objects, folder: join(cacheFolder, 'journal'), folding: STORE_FOLDING },
    ...options.journal,
  });
  const leases = openS3Leases(objects, options.lease);
  const logs = openS3Logs(objects, cacheFolder);
  const bytes = s3Bytes(objects, artifacts, options.uploadMs);
  return {
    bootId: BOOT,
    ...artifacts,
    ...s3NamedLeases(objects, leases, options.lease),
    ...makeJournalStore({
      ...{ journal, artifacts, bootId: BOOT },
      soundness: { isKnown: () => true, note: async () => undefined },
    }),
    prune: async (work, { look = false, onWait = () => undefined } = {}) => {
      const pruning = (check: () => void): StorePruning => {
        const batches = s3Batches(objects);
        const steps = makeStorePruning({ journal, artifacts, bytes, check, batches });
        return {
          ...steps,
          forgetRuns: async (runs) => {
            const forgotten = await steps.forgetRuns(runs);
            await logs.remove(forgotten);
            return forgotten;
          },
        };
      };
      if (look) return work(pruning(() => undefined));
      const lease = await takeTurn(leases, 'pruning', onWait);
      try {
        return await work(pruning(() => lease.check()));
      } finally {
        lease.release();
        await lease.released();
      }
    },
    logs,
    adopting: turnOf(leases, 'adopter'),
    settled: async () => {
      await Promise.all([journal.settled(), cache.settled(), logs.settled()]);
    },
    close: () => {
      journal.close();
      objects.close();
    },
  };
}

/** Makes the place a store, if it is none yet. @throws UserError STORE_UNFIT for a service that would write it twice */
export async function markStore(objects: Pick<Objects, 'create'>, place: S3Place): Promise<void> {
  const first = Buffer.concat([FORM, Buffer.from(`${Math.random()}\n`)]);
  const { created } = await objects.create(MARK, first);
  if (!created) return;
  // It was made now, or the service makes it each time.
  const again = await objects.create(MARK, FORM);
  if (!again.created) return;
  throw new UserError(
    'STORE_UNFIT',
    `the service of the store ${shownPlace(place)} writes an object that is there already, though asked not to`,
    { hint: UNFIT_HINT },
  );
}

/** True if somebody made it a store. */
export async function isStore(objects: Pick<Objects, 'read'>): Promise<boolean> {
  return (await objects.read(MARK)).bytes !== undefined;
}

async function takeTurn(
  leases: S3Leases,
  name: string,
  onWait: (who: string) => void,
): Promise<S3Lease> {
  for (let told = false; ;) {
    const taken = await leases.take(name);
    if (taken.taken) return taken.lease;
    if (!told) onWait(taken.who);
    told = true;
    await pause(POLL_MS * (0.5 + Math.random()));
  }
}

function turnOf(leases: S3Leases, name: string): Turn {
  return {
    isTaken: () => leases.isTaken(name),
    take: async () => {
      const taken = await leases.take(name);
      return taken.taken ? taken.lease : undefined;
    },
  };
}
