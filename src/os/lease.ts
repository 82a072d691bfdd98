/**
 * The one lock between processes. It names its holder, is renewed while that lives, and is taken over by one of all
 * who try: at once from a dead holder, when it has run out from one that cannot be seen from here.
 *
 * 1. Who takes it makes the next entry, which only one can, and then looks again: if any other entry keeps it out,
 *    it takes its own back. Of two who come together at least one sees the other.
 * 2. The entries of earlier holders are removed before a new one acts. So a holder whose entry is gone is fenced.
 * 3. A kill at any moment leaves entries whose owner is dead: they keep nobody out.
 */

import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fdatasync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { sweepTemporary } from './atomic.ts';
import { draft, holdingOf, readEntries, sightIn } from './lease-files.ts';
import { ownOwner } from './owner.ts';

import type { About, Entry, Holder } from './lease-files.ts';

export type { About, Holder } from './lease-files.ts';

export type LeaseTiming = { readonly ttlMs: number; readonly renewEveryMs: number };

/** How long a lease holds without renewal, and how often it is renewed. */
export const LEASE: LeaseTiming = Object.freeze({ ttlMs: 60_000, renewEveryMs: 10_000 });

/** Somebody else has taken over what this process held: it may write nothing more there. */
export class Fenced extends Error {
  override readonly name = 'Fenced';
  readonly code = 'FENCED';
}

export type Lease = {
  /** Fencing number: each takeover has a higher one. */
  readonly token: number;
  /** @throws Fenced if it is not ours any more; to be asked right before each write that it guards */
  check(): void;
  /** Settles when the loss of the lease is noticed; never, if it is not lost. */
  readonly lost: Promise<Fenced>;
  /** Gives it back. `keep`: the entry stays, so that who comes next reads what it was about. */
  release(options?: { readonly keep?: boolean }): void;
};

export type Taken =
  | { readonly taken: true; readonly lease: Lease; readonly before?: Holder }
  | { readonly taken: false; readonly holder: Holder };

export type LeaseOptions = {
  readonly about?: About;
  readonly timing?: LeaseTiming;
};

const MOST_PAUSE_MS = 20;

/** Takes the lease of a path, whose folder exists, or tells who holds it. `before`: from whom it was taken over. */
export async function takeLease(
  path: string,
  { about = {}, timing = LEASE }: LeaseOptions = {},
): Promise<Taken> {
  const text = JSON.stringify({ owner: ownOwner(), about, nonce: randomBytes(8).toString('hex') });
  for (;;) {
    const mine = draft(dirname(path), text);
    try {
      const entries = readEntries(path, () => mine, timing.ttlMs);
      const holder = holdingOf(entries);
      if (holder !== undefined) return { taken: false, holder };
      const token = 1 + (entries[0]?.token ?? 0);
      const file = `${path}.${token}`;
      if (!linked(mine.file, file)) continue;
      const others = readEntries(path, () => mine, timing.ttlMs).filter(
        (entry) => entry.text !== text,
      );
      const isNewest = others.every((entry) => entry.token < token);
      if (isNewest && holdingOf(others) === undefined && says(file, text)) {
        const kept = removeAll(others);
        if (kept === undefined) {
          if (entries.length > 0) await sweepTemporary(dirname(path));
          const lease = hold(file, text, token, about, timing);
          return {
            taken: true,
            lease,
            ...(entries[0] === undefined ? {} : { before: entries[0] }),
          };
        }
        rmSync(file, { force: true });
        return { taken: false, holder: kept };
      }
      if (says(file, text)) rmSync(file, { force: true });
    } finally {
      rmSync(mine.file, { force: true });
    }
    await pause(Math.random() * MOST_PAUSE_MS);
  }
}

/** Who holds a lease, or left its name in it. Changes nothing. */
export function readHolder(path: string, { ttlMs }: LeaseTiming = LEASE): Holder | undefined {
  let sight: ReturnType<typeof sightIn> | undefined;
  const entries = readEntries(path, () => (sight ??= sightIn(dirname(path))), ttlMs);
  return holdingOf(entries) ?? entries[0];
}

function hold(
  file: string,
  text: string,
  token: number,
  about: About,
  { renewEveryMs }: LeaseTiming,
): Lease {
  const renewed = openSync(file, 'r+');
  let isHeld = true;
  let tell: (fenced: Fenced) => void = () => undefined;
  const lost = new Promise<Fenced>((resolve) => (tell = resolve));
  const end = (): void => {
    if (!isHeld) return;
    isHeld = false;
    clearInterval(timer);
    closeSync(renewed);
  };
  const check = (): void => {
    if (isHeld && says(file, text)) return;
    end();
    const fenced = new Fenced(`the lease ${file} was taken over by another process`);
    tell(fenced);
    throw fenced;
  };
  const renew = (): void => {
    try {
      check();
      // The same bytes again: the filesystem sets the time by its own clock, and no reader sees a change.
      writeSync(renewed, text, 0);
      // A network filesystem would keep it to itself for a while.
      fdatasync(renewed, () => undefined);
    } catch {
      // Fenced: told by `lost` and by every later check(). A filesystem that refuses: the next renewal may do.
    }
  };
  const timer = setInterval(renew, renewEveryMs).unref();
  return {
    token,
    lost,
    check,
    release: ({ keep = false } = {}) => {
      const isOurs = isHeld && says(file, text);
      end();
      if (!isOurs) return;
      if (!keep) return rmSync(file, { force: true });
      const kept = draft(
        dirname(file),
        JSON.stringify({ owner: ownOwner(), about, released: true }),
      );
      renameSync(kept.file, file);
    },
  };
}

/** The first entry that this user may not remove; it would still be obeyed by its owner. */
function removeAll(entries: readonly Entry[]): Entry | undefined {
  return entries.find(({ file }) => {
    try {
      rmSync(file, { force: true });
      return false;
    } catch {
      return true;
    }
  });
}

function says(file: string, text: string): boolean {
  try {
    return readFileSync(file, 'utf8') === text;
  } catch {
    return false;
  }
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
