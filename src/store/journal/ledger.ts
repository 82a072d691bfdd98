/**
 * Says which tables stand for which segments: one small file that is only ever appended to.
 *
 * 1. Entries are numbered, and of two with one number the first in the file counts. So of two processes that
 *    compact at once, or one that slept for hours over it, one wins and the other knows that it did not.
 * 2. Each entry names all tables that count, and the last segment they cover. That number never falls.
 * 3. Tables are on disk before they are named here, and this is on disk before what they replace is removed.
 */

import { closeSync, constants, fdatasyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

import { frame, readFrames } from './frame.ts';

export type LedgerEntry = {
  /** 1, 2, ... */
  readonly turn: number;
  /** The last segment that the tables cover. */
  readonly covered: number;
  /** File names, oldest first. */
  readonly tables: readonly string[];
};

const EMPTY: LedgerEntry = Object.freeze({ turn: 0, covered: 0, tables: [] });

/** The entry that counts now. */
export function readLedger(folder: string): LedgerEntry {
  let bytes: Buffer;
  try {
    bytes = readFileSync(pathIn(folder));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return EMPTY;
    throw error;
  }
  return counted(bytes).at(-1)?.entry ?? EMPTY;
}

/** Appends the entry after the one its writer built on. False: another process was first. */
export function appendToLedger(folder: string, token: string, entry: LedgerEntry): boolean {
  const fd = openSync(pathIn(folder), constants.O_RDWR | constants.O_APPEND | constants.O_CREAT);
  try {
    const bytes = frame({ token, entry });
    writeSync(fd, bytes);
    fdatasyncSync(fd);
  } finally {
    closeSync(fd);
  }
  return counted(readFileSync(pathIn(folder))).some((other) => other.token === token);
}

function pathIn(folder: string): string {
  return join(folder, 'tables');
}

type Counted = { readonly entry: LedgerEntry; readonly token: string };

/** Those that count, in order. A gap is a damaged line: the number after it says so. */
function counted(bytes: Buffer): readonly Counted[] {
  const found: Counted[] = [];
  for (const { entry, token } of readFrames<LedgerEntry>(bytes).frames) {
    if (entry.turn > (found.at(-1)?.entry.turn ?? 0)) found.push({ entry, token });
  }
  return found;
}
