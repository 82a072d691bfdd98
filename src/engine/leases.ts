/** Who needs the engine. A lease is an empty file named after its process, so a dead one is seen without being told. */

import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { isAlive, ownIdentity } from '../os/process-identity.ts';

export type Lease = {
  /** From here on the engine is in use, not only waited for. */
  use(): void;
  /** Removes the lease; harmless when repeated. */
  drop(): void;
};

/** Announces this process to everyone who might stop the engine. Must be called before the engine is looked at. */
export function takeLease(folder: string): Lease {
  const { pid, born } = ownIdentity();
  const name = `${pid}-${born}-${randomBytes(4).toString('hex')}`;
  const waiting = join(folder, `${name}-wait`);
  const using = join(folder, `${name}-use`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(waiting, '');
  return {
    use: () => {
      // Never without a file in between: a reader must see one or the other.
      writeFileSync(using, '');
      rmSync(waiting, { force: true });
    },
    drop: () => {
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
    const [pid, born, , state] = name.split('-');
    if (isAlive({ pid: Number(pid), born: born ?? '' })) {
      return [{ pid: Number(pid), inUse: state === 'use' }];
    }
    rmSync(join(folder, name), { force: true });
    return [];
  });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
