/** A small disk of its own under the state folder of a case, which can be full or read-only for the time of one command. */

import { spawnSync } from 'node:child_process';
import { mkdirSync, openSync, closeSync, writeSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { whyNoSmallDisk } from '../../store/small-disk.ts';

import type { Random } from './random.ts';

export type DiskFault = 'disk full' | 'disk read-only';

export type CaseDisk = {
  /** Brings the fault about; false if it cannot be. */
  strike(fault: DiskFault, random: Random): boolean;
  /** Ends it. */
  heal(): void;
  remove(): void;
};

const SIZE = '96m';

/** Puts a disk at `folder`; undefined where this process may not mount one. */
export function makeDisk(folder: string): CaseDisk | undefined {
  if (whyNoSmallDisk() !== undefined) return undefined;
  mkdirSync(folder, { recursive: true });
  if (!done('mount', '-t', 'tmpfs', '-o', `size=${SIZE},mode=700`, 'none', folder))
    return undefined;
  const filler = join(folder, 'filler');
  return {
    strike: (fault, random) => {
      // A server that still ends has files open: then it stays as it is.
      if (fault === 'disk read-only') return done('mount', '-o', 'remount,ro', folder);
      fill(filler);
      // As much as is left is a matter of chance: for the lock, the journal, the engine's database, an artifact.
      const leave = random.below(400);
      if (leave > 0) spawnSync('truncate', ['-s', `-${leave}K`, filler]);
      return true;
    },
    heal: () => {
      done('mount', '-o', 'remount,rw', folder);
      rmSync(filler, { force: true });
    },
    remove: () => void done('umount', '-l', folder),
  };
}

function fill(path: string): void {
  const file = openSync(path, 'w');
  const piece = Buffer.alloc(1 << 16);
  try {
    for (let size = piece.length; size > 0;) {
      try {
        writeSync(file, piece, 0, size);
      } catch {
        size >>= 1;
      }
    }
  } finally {
    closeSync(file);
  }
}

function done(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args).status === 0;
}
