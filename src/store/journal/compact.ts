/**
 * Moves what sealed segments say into a table, and joins tables so that there are ever only a few.
 *
 * 1. What is told by the files changes at one moment: when the ledger names the new tables. Killed before, the
 *    half-made table is nobody's; killed after, what was replaced is removed by the next compaction.
 * 2. It builds on one entry of the ledger and writes the next. If another process wrote that first, it was in vain
 *    and only its own table is removed: no lock is needed, and none can be left behind.
 * 3. Little is kept in memory: the sealed segments, the index of the tables it joins, a megabyte of each.
 * 4. States that need not be told any more are left out only where all tables are joined: nothing older can show again.
 */

import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { syncFolder } from '../../os/atomic.ts';
import { writeJoined } from './joining.ts';
import { appendToLedger, readLedger } from './ledger.ts';
import { segmentOf, tableName, turnOf } from './names.ts';
import { openSealed } from './view.ts';

import type { Folding } from './folding.ts';

/** Compacts what is sealed. True if it did; false if there was nothing to do or another process did it. */
export async function compact<Entry, State, Summary>({
  folder,
  folding,
  isOver,
}: {
  readonly folder: string;
  readonly folding: Folding<Entry, State, Summary>;
  /** Set: everything is joined into one table, without the states for which it answers true. */
  readonly isOver?: (subject: string, state: State) => boolean;
}): Promise<boolean> {
  const sealed = openSealed<Entry, State, Summary>({ folder, folding });
  if (sealed === undefined) return false;
  try {
    const turn = sealed.ledger.turn + 1;
    const unique = randomBytes(6).toString('hex');
    const name = tableName(turn, unique);
    const path = join(folder, name);
    try {
      const kept = await writeJoined(path, sealed, folding, isOver);
      await syncFolder(folder);
      const tables = [...kept.map((table) => table.name), name];
      const isOurs = appendToLedger(folder, unique, { turn, covered: sealed.covered, tables });
      if (!isOurs) await rm(path, { force: true });
      else await removeCovered(folder);
      return isOurs;
    } catch (error) {
      if (!readLedger(folder).tables.includes(name)) await rm(path, { force: true });
      throw error;
    }
  } finally {
    sealed.close();
  }
}

/** Removes what the ledger no longer needs, also what killed processes left: tables made for a turn that is over. */
async function removeCovered(folder: string): Promise<void> {
  const { turn, covered, tables } = readLedger(folder);
  for (const name of await readdir(folder)) {
    const isCovered = (segmentOf(name) ?? Infinity) <= covered;
    const isReplaced = (turnOf(name) ?? Infinity) <= turn && !tables.includes(name);
    if (isCovered || isReplaced) await rm(join(folder, name), { force: true });
  }
}
