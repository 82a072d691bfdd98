/**
 * Who needs the engine. A lease is a small file named after its process and the place where its pid means something,
 * so a dead one is seen without being told. It is renewed, so that one that cannot be seen from here ends, too.
 */

import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { bornOf } from '../os/born.ts';
import { LEASE } from '../os/lease.ts';
import { sightIn } from '../os/lease-files.ts';
import { ownOwner, placeOf } from '../os/owner.ts';

export type Lease = {
  /** From here on the engine is in use, not only waited for. */
  use(): void;
  /** Removes the lease; harmless when repeated. */
  drop(): void;
};

/** Announces this process to everyone who might stop the engine. Must be called before the engine is looked at. */
export function takeLease(folder: string): Lease {
  const { pid, born } = ownOwner();
  const name = `${pid}-${born}-${placeOf(ownOwner())}${randomBytes(4).toString('hex')}`;
  const waiting = join(folder, `${name}-wait`);
  const using = join(folder, `${name}-use`);
  let current = waiting;
  mkdirSync(folder, { recursive: true });
  writeFileSync(waiting, '.');
  const timer = setInterval(() => renew(current), LEASE.renewEveryMs).unref();
  return {
    use: () => {
      // Never without a file in between: a reader must see one or the other.
      writeFileSync(using, '.');
      current = using;
      rmSync(waiting, { force: true });
    },
    drop: () => {
      clearInterval(timer);
      rmSync(using, { force: true });
      rmSync(waiting, { force: true });
    },
  };
}

/** Living leases, those of dead processes removed on the way. */
export function livingLeases(
  folder: string,
): readonly { readonly pid: number; readonly inUse: boolean }[] {
  return namesIn(folder).flatMap((name) => {
    const [pid, born, place = '', state] = name.split('-');
    const isHere = place.startsWith(placeOf(ownOwner()));
    const isSame = bornOf(Number(pid)) === born;
    // An earlier version did not tell the place: one that can be seen lives, for another its age speaks.
    const lives = isHere ? isSame : (isSame && place.length === 8) || isFresh(folder, name);
    if (lives) return [{ pid: Number(pid), inUse: state === 'use' }];
    rmSync(join(folder, name), { force: true });
    return [];
  });
}

function isFresh(folder: string, name: string): boolean {
  const info = statSync(join(folder, name), { throwIfNoEntry: false });
  return info !== undefined && sightIn(dirname(folder)).nowMs - info.mtimeMs < LEASE.ttlMs;
}

function renew(path: string): void {
  try {
    writeFileSync(path, '.');
  } catch {
    // The next one may do.
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => /-(wait|use)$/.test(name));
  } catch {
    return [];
  }
}
