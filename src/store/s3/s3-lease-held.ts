/** A lease of a bucket in the hands of this process: it writes the next number every so often, until it is given back. */

import { clock, since } from './moment.ts';

import type { Moment } from './moment.ts';
import type { Objects } from './objects.ts';

export type S3Lease = {
  /** @throws Error once it is another's, or may be */
  check(): void;
  readonly lost: Promise<unknown>;
  release(): void;
  /** Resolves when it was given back. */
  released(): Promise<void>;
};

export type HeldAbout = {
  readonly objects: Objects;
  readonly timing: S3LeaseTiming;
  readonly name: string;
  readonly prefix: string;
  readonly numbers: {
    keyOf(number: number): string;
    /** What this process writes in its turns, each time another text. */
    bytesOf(turn: number): Buffer;
    /** True for what this process wrote in one of them. */
    isOurs(bytes: Buffer): boolean;
  };
};

/** So much of the time of trust a request is made again. */
const PATIENCE = 0.3;
const GIVEN_BACK = Buffer.alloc(0);
const MOST_ENTRIES = 1000;

/** Keeps it from its first number on, which was asked for at `begun`. */
export function keepS3Lease(
  { objects, timing, name, prefix, numbers }: HeldAbout,
  first: { readonly token: number; readonly begun: Moment },
): S3Lease {
  const quick = objects.within(timing.trustMs * PATIENCE);
  let state: 'held' | 'lost' | 'over' = 'held';
  let { token } = first;
  let trusted = first.begun;
  let turn = 0;
  let renewing: Promise<void> | undefined;
  let ended: Promise<void> = Promise.resolve();
  let tell: (lost: Error) => void = () => undefined;
  const lost = new Promise<Error>((resolve) => (tell = resolve));

  const lose = (): void => {
    if (state !== 'held') return;
    state = 'lost';
    clearInterval(timer);
    tell(new Error(`the lease ${name} of the store was taken over, or may be`));
  };
  /** Writes the next number. False: somebody else has one behind ours. */
  const writeNext = async (by: Pick<Objects, 'create'>, bytes: Buffer): Promise<boolean> => {
    for (;;) {
      const { created, there } = await by.create(numbers.keyOf(token + 1), bytes);
      // What this process wrote there had been taken for failed.
      if (!created && (there === undefined || !numbers.isOurs(there))) return false;
      token += 1;
      if (created) return true;
    }
  };
  const renew = async (): Promise<void> => {
    const begun = clock();
    turn += 1;
    if (!(await writeNext(quick, numbers.bytesOf(turn)))) return lose();
    const { objects: found } = await quick.list(prefix, { most: MOST_ENTRIES });
    const own = numbers.keyOf(token);
    if (found.some(({ key }) => key > own)) {
      await quick.remove([own]);
      return lose();
    }
    trusted = begun;
    const older = found.filter(({ key }) => key < own).map(({ key }) => key);
    if (older.length > 0) await quick.remove(older);
  };
  const timer = setInterval(() => {
    if (since(trusted) > timing.trustMs) return lose();
    // What could not be asked is asked again; until then `check` says how much is trusted.
    renewing ??= renew()
      .catch(() => undefined)
      .finally(() => (renewing = undefined));
  }, timing.renewEveryMs);
  timer.unref();

  const giveBack = async (): Promise<void> => {
    await renewing;
    const before = token;
    if (await writeNext(objects, GIVEN_BACK)) await objects.remove([numbers.keyOf(before)]);
  };
  return {
    lost,
    check: () => {
      if (since(trusted) > timing.trustMs) lose();
      if (state !== 'held') throw new Error(`the lease ${name} of the store is not held any more`);
    },
    release: () => {
      const isOurs = state === 'held';
      state = 'over';
      clearInterval(timer);
      if (isOurs) ended = giveBack().catch(() => undefined);
    },
    released: () => ended,
  };
}

export type S3LeaseTiming = {
  readonly ttlMs: number;
  readonly renewEveryMs: number;
  /** A holder that could not write it for so long does nothing more. */
  readonly trustMs: number;
};
