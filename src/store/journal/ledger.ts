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

import type { Framed } from './frame.ts';

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
  return newest(bytes)?.entry ?? EMPTY;
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
  return isCounted(readFileSync(pathIn(folder)), token);
}

function pathIn(folder: string): string {
  return join(folder, 'tables');
}

/** True if no other entry of its number, or of a higher one, stands before it. */
function isCounted(bytes: Buffer, token: string): boolean {
  let highest = 0;
  for (const { entry, token: other } of readFrames<LedgerEntry>(bytes).frames) {
    if (other === token) return entry.turn > highest;
    highest = Math.max(highest, entry.turn);
  }
  return false;
}

const TURN = /"turn":(\d+)/;

/**
 * The first whole line of the highest number. Lines are told apart by their number first: reading each as a whole
 * would cost a start some milliseconds.
 */
function newest(bytes: Buffer): Framed<LedgerEntry> | undefined {
  const lines = bytes.toString('latin1').split('\n');
  const numbered = lines.map((line) => ({ line, turn: Number(TURN.exec(line)?.[1] ?? 0) }));
  const inOrder = numbered.toSorted((a, b) => b.turn - a.turn);
  for (const { line } of inOrder) {
    const [found] = readFrames<LedgerEntry>(Buffer.from(`\n${line}`, 'latin1')).frames;
    if (found !== undefined) return found;
  }
  return undefined;
}
