/**
 * One lock between processes of any machines: numbered objects in the bucket, of which the highest holds.
 *
 * 1. The next number is created only if it is free, so one of all who try gets it. Who got it looks again: if any other
 *    entry keeps it out, it takes its own back. Of two who come together at least one sees the other.
 * 2. Its holder writes it anew every so often. How old it is, is told by the bucket's clock alone.
 * 3. It may be taken from a dead process of this machine at once, from any other when it has not been written for a
 *    minute. Its holder notices: it asks who is highest before each writing, and trusts no writing of half a minute ago.
 */

import { randomBytes } from 'node:crypto';

import { describeOwner, ownOwner, stateOf } from '../../os/owner.ts';

import type { OldOwner } from '../../os/owner.ts';
import type { Objects } from './objects.ts';

export type S3LeaseTiming = {
  readonly ttlMs: number;
  readonly renewEveryMs: number;
  /** A holder that could not write it for so long does nothing more. */
  readonly trustMs: number;
};

export const S3_LEASE: S3LeaseTiming = Object.freeze({
  ttlMs: 60_000,
  renewEveryMs: 15_000,
  trustMs: 35_000,
});

export type S3Lease = {
  /** @throws Error once it is another's, or may be */
  check(): void;
  readonly lost: Promise<unknown>;
  release(): void;
  /** Resolves when it was given back. */
  released(): Promise<void>;
};

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

export type S3Leases = {
  take(name: string): Promise<S3Taken>;
  isTaken(name: string): Promise<boolean>;
};

/** The leases of a store. */
export function openS3Leases(objects: Objects, timing: S3LeaseTiming = S3_LEASE): S3Leases {
  const prefixOf = (name: string): string => `${LEASES}/${name}/`;

  const read = async (name: string): Promise<readonly Held[]> => {
    const { objects: found, serverMs } = await objects.list(prefixOf(name), { most: 100 });
    return Promise.all(
      found.map(async ({ key, writtenMs }) => {
        const { bytes } = await objects.read(key);
        const owner = ownerIn(bytes);
        const isOld = serverMs !== undefined && serverMs - writtenMs > timing.ttlMs;
        const isDead = owner !== undefined && stateOf(owner) === 'dead';
        return {
          key,
          token: Number(key.slice(prefixOf(name).length)),
          isFree: bytes === undefined || isOld || isDead,
          who: owner === undefined ? 'a process' : describeOwner(owner),
        };
      }),
    );
  };

  const hold = (name: string, key: string, token: number, bytes: Buffer): S3Lease => {
    let state: 'held' | 'lost' | 'over' = 'held';
    let renewedAt = clock();
    let tell: (lost: Error) => void = () => undefined;
    let ended: Promise<void> = Promise.resolve();
    const lost = new Promise<Error>((resolve) => (tell = resolve));
    const lose = (): void => {
      if (state !== 'held') return;
      state = 'lost';
      clearInterval(timer);
      tell(new Error(`the lease ${name} of the store was taken over`));
    };
    const renew = async (): Promise<void> => {
      const { objects: found } = await objects.list(prefixOf(name), { most: 100 });
      const highest = found.at(-1)?.key.slice(prefixOf(name).length);
      if (highest !== undefined && Number(highest) > token) return lose();
      if (state !== 'held') return;
      await objects.replace(key, bytes);
      renewedAt = clock();
    };
    // What could not be asked is asked again; until then `check` says how much is trusted.
    const timer = setInterval(() => void renew().catch(() => undefined), timing.renewEveryMs);
    timer.unref();
    return {
      lost,
      check: () => {
        if (since(renewedAt) > timing.trustMs) lose();
        if (state !== 'held')
          throw new Error(`the lease ${name} of the store is not held any more`);
      },
      release: () => {
        const isOurs = state === 'held';
        state = 'over';
        clearInterval(timer);
        if (isOurs) ended = objects.remove([key]).catch(() => undefined);
      },
      released: () => ended,
    };
  };

  return {
    take: async (name) => {
      const held = await read(name);
      const newest = held.at(-1);
      if (newest !== undefined && !newest.isFree) return { taken: false, who: newest.who };
      const token = (newest?.token ?? 0) + 1;
      const key = prefixOf(name) + String(token).padStart(DIGITS, '0');
      const nonce = randomBytes(8).toString('hex');
      const bytes = Buffer.from(JSON.stringify({ owner: ownOwner(), nonce }));
      const { created } = await objects.create(key, bytes);
      if (!created) return { taken: false, who: 'a process' };
      // Between look and number another one may have come and gone, and a third one begun anew.
      const others = (await read(name)).filter((one) => one.key !== key);
      const holder = others.find(({ isFree }) => !isFree);
      if (holder !== undefined) {
        await objects.remove([key]);
        return { taken: false, who: holder.who };
      }
      if (others.length > 0) await objects.remove(others.map((one) => one.key));
      return { taken: true, lease: hold(name, key, token, bytes) };
    },
    isTaken: async (name) => (await read(name)).at(-1)?.isFree === false,
  };
}

/** Who wrote an entry; undefined where it does not say. */
export function ownerIn(bytes: Buffer | undefined): OldOwner | undefined {
  try {
    return (JSON.parse(String(bytes)) as { readonly owner?: OldOwner }).owner;
  } catch {
    return undefined;
  }
}

/** One clock stands still while the machine sleeps, the other may be set: time is what either says. */
type Moment = readonly [steady: number, wall: number];

function clock(): Moment {
  return [performance.now(), Date.now()];
}

function since([steady, wall]: Moment): number {
  const [now, today] = clock();
  return Math.max(now - steady, today - wall);
}
