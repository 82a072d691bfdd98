/**
 * One lock between processes of any machines: numbered objects in the bucket, each written once. Who wrote the highest
 * number has it; an empty object there says that it was given back.
 *
 * 1. A number is created only if it is free, by who takes the lock, keeps it, or gives it back: a request that comes late
 *    changes nothing. Numbers go on; one that nobody has used for an hour may begin anew.
 * 2. Who created one looks again, and holds only if nobody is higher and no other entry keeps it out. Of two who come
 *    together at least one sees the other.
 * 3. Its holder writes the next number every so often. How old that is, is told by the bucket's clock alone. It may be
 *    taken from a dead process of this machine at once, from any other when nothing was written for a minute.
 * 4. A holder trusts what it wrote for half a minute from before it asked, by its own clocks: it stops before anybody else
 *    may begin, and is told so.
 */

import { randomBytes } from 'node:crypto';

import { describeOwner, ownOwner, stateOf } from '../../os/owner.ts';
import { keepS3Lease } from './s3-lease-held.ts';
import { clock, since } from './moment.ts';

import type { OldOwner } from '../../os/owner.ts';
import type { Objects } from './objects.ts';
import type { S3Lease, S3LeaseTiming } from './s3-lease-held.ts';

export type { S3Lease } from './s3-lease-held.ts';

export const S3_LEASE: S3LeaseTiming = Object.freeze({
  ttlMs: 60_000,
  renewEveryMs: 15_000,
  trustMs: 35_000,
});

export type S3Taken =
  | { readonly taken: true; readonly lease: S3Lease }
  | { readonly taken: false; readonly who: string };

type Held = {
  readonly key: string;
  readonly token: number;
  readonly isFree: boolean;
  readonly who: string;
};

/** Where all of them lie. */
export const LEASES = 'leases';

const DIGITS = 12;
const MOST_ENTRIES = 1000;

export type S3Leases = {
  take(name: string): Promise<S3Taken>;
  isTaken(name: string): Promise<boolean>;
};

/** The leases of a store. */
export function openS3Leases(objects: Objects, timing: S3LeaseTiming = S3_LEASE): S3Leases {
  const prefixOf = (name: string): string => `${LEASES}/${name}/`;

  const read = async (name: string): Promise<readonly Held[]> => {
    const prefix = prefixOf(name);
    const { objects: found, serverMs } = await objects.list(prefix, { most: MOST_ENTRIES });
    return Promise.all(
      found
        .filter(({ key }) => isToken(key.slice(prefix.length)))
        .map(async ({ key, bytes: size, writtenMs }) => {
          const isOver =
            size === 0 || (serverMs !== undefined && serverMs - writtenMs > timing.ttlMs);
          const { bytes } = isOver ? {} : await objects.read(key);
          const owner = ownerIn(bytes);
          return {
            key,
            token: Number(key.slice(prefix.length)),
            isFree: bytes === undefined || (owner !== undefined && stateOf(owner) === 'dead'),
            who: owner === undefined ? 'a process' : describeOwner(owner),
          };
        }),
    );
  };

  return {
    take: async (name) => {
      const begun = clock();
      const before = await read(name);
      const holder = before.find(({ isFree }) => !isFree);
      if (holder !== undefined) return { taken: false, who: holder.who };
      const token = (before.at(-1)?.token ?? 0) + 1;
      const keyOf = (number: number): string =>
        prefixOf(name) + String(number).padStart(DIGITS, '0');
      const nonce = randomBytes(8).toString('hex');
      const bytesOf = (turn: number): Buffer =>
        Buffer.from(JSON.stringify({ owner: ownOwner(), nonce, turn }));
      const key = keyOf(token);
      const { created } = await objects.create(key, bytesOf(0));
      if (!created) return { taken: false, who: 'a process' };
      // Between look and number another one may have come and gone, and a third one begun anew.
      const others = (await read(name)).filter((one) => one.key !== key);
      const rival = others.find((one) => !one.isFree || one.token > token);
      if (rival !== undefined || since(begun) > timing.trustMs) {
        await objects.remove([key]);
        return { taken: false, who: rival?.who ?? 'a process' };
      }
      if (others.length > 0) await objects.remove(others.map((one) => one.key));
      const numbers = { keyOf, bytesOf, isOurs: (bytes: Buffer) => nonceIn(bytes) === nonce };
      const about = { objects, timing, name, prefix: prefixOf(name), numbers };
      return { taken: true, lease: keepS3Lease(about, { token, begun }) };
    },
    isTaken: async (name) => (await read(name)).some(({ isFree }) => !isFree),
  };
}

/** True for the last word of a key of ours. */
export function isToken(word: string): boolean {
  return word.length === DIGITS && /^\d+$/.test(word);
}

/** Who wrote an entry; undefined where it does not say. */
export function ownerIn(bytes: Buffer | undefined): OldOwner | undefined {
  return partOf(bytes).owner;
}

function nonceIn(bytes: Buffer): string | undefined {
  return partOf(bytes).nonce;
}

function partOf(bytes: Buffer | undefined): { readonly owner?: OldOwner; readonly nonce?: string } {
  try {
    return JSON.parse(String(bytes)) as ReturnType<typeof partOf>;
  } catch {
    return {};
  }
}
