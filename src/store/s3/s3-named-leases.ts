/** The leases that processes share something by, as a store in a bucket keeps them. */

import { stateOf } from '../../os/owner.ts';
import { isToken, LEASES, ownerIn, S3_LEASE } from './s3-lease.ts';

import type { Leases } from '../leases.ts';
import type { Listed, Objects, Told } from './objects.ts';
import type { S3Leases } from './s3-lease.ts';
import type { S3LeaseTiming } from './s3-lease-held.ts';

/** What was written so long ago is nobody's, and is removed by who sees it. */
const FORGOTTEN_MS = 3600 * 1000;
/** A look costs requests, which take their time and are counted. */
const LOOK_EVERY_MS = 2_000;

type Entry = Listed & Told & { readonly words: readonly string[]; readonly isOld: boolean };

/** `leases`: how each of them is taken. */
export function s3NamedLeases(
  objects: Pick<Objects, 'listAll' | 'read' | 'remove'>,
  leases: S3Leases,
  { ttlMs }: Pick<S3LeaseTiming, 'ttlMs'> = S3_LEASE,
): Leases {
  const below = async (folder: string): Promise<readonly Entry[]> => {
    const prefix = `${LEASES}/${folder}/`;
    const found: Entry[] = [];
    const forgotten: string[] = [];
    for await (const one of objects.listAll(prefix)) {
      const words = one.key.slice(prefix.length).split('/');
      if (!isToken(words.at(-1) ?? '')) continue;
      const ageMs = (one.serverMs ?? 0) - one.writtenMs;
      if (ageMs > FORGOTTEN_MS) forgotten.push(one.key);
      else found.push({ ...one, words, isOld: ageMs > ttlMs });
    }
    // Who may only look leaves them there.
    if (forgotten.length > 0) await objects.remove(forgotten).catch(() => undefined);
    return found;
  };
  const isHeld = async (entries: readonly Entry[]): Promise<boolean> => {
    // The highest number holds, and keys are sorted.
    const newest = entries.at(-1);
    if (newest === undefined || newest.isOld || newest.bytes === 0) return false;
    const { bytes } = await objects.read(newest.key);
    const owner = ownerIn(bytes);
    return bytes !== undefined && (owner === undefined || stateOf(owner) !== 'dead');
  };
  return {
    lookEveryMs: LOOK_EVERY_MS,
    takeLease: async (name) => {
      const taken = await leases.take(name);
      if (!taken.taken) return undefined;
      const { lease } = taken;
      return {
        lost: lease.lost,
        release: async () => {
          lease.release();
          await lease.released();
        },
      };
    },
    heldLeases: async (folder) => {
      const byName = new Map<string, Entry[]>();
      for (const entry of await below(folder)) {
        const [name = '', token, ...more] = entry.words;
        if (token === undefined || more.length > 0) continue;
        byName.set(name, [...(byName.get(name) ?? []), entry]);
      }
      const held = await Promise.all(
        [...byName].map(async ([name, entries]) => ((await isHeld(entries)) ? [name] : [])),
      );
      return held.flat().toSorted();
    },
    leaseFolders: async (folder) => {
      const names = (await below(folder)).flatMap(({ words }) =>
        words.length > 2 ? words[0]! : [],
      );
      return [...new Set(names)].toSorted();
    },
  };
}
