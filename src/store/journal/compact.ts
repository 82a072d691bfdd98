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
import { setImmediate } from 'node:timers/promises';

import { syncFolder } from '../../os/atomic.ts';
import { checksum } from './frame.ts';
import { appendToLedger, readLedger } from './ledger.ts';
import { segmentOf, tableName, turnOf } from './names.ts';
import { stateIn } from './table-rows.ts';
import { writeTable } from './table-writer.ts';
import { openSealed } from './view.ts';

import type { Folding } from './folding.ts';
import type { Table } from './table.ts';
import type { Row } from './table-rows.ts';
import type { Sealed } from './view.ts';

/** A table is joined with what is newer as long as it is at most so many times as large. */
const JOIN_FACTOR = 4;
/** Subjects that are folded before others get their turn. */
const AT_ONCE = 50;

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
    const joined = isOver === undefined ? toJoin(sealed.tables, sealed.sizeBytes) : sealed.tables;
    const kept = sealed.tables.slice(0, sealed.tables.length - joined.length);
    const { states, summary: own } = await contents(sealed, folding);
    const merged = [...joined.map((table) => table.summary()), own].reduce(folding.mergeSummaries);
    const summary = kept.length === 0 ? (folding.oldestSummary?.(merged) ?? merged) : merged;
    // A damaged row says nothing, and stays as it is.
    const isKept = (row: Row): boolean => {
      if (isOver === undefined || checksum(row.bytes) !== row.crc) return true;
      const [subject, state] = stateIn(row);
      return !isOver(subject, state as State);
    };
    try {
      await writeTable(path, { states, older: joined, summary, isKept });
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

/** The newest tables that are not much larger than all that is newer than them. */
function toJoin<T extends Pick<Table<unknown, unknown>, 'sizeBytes'>>(
  tables: readonly T[],
  sizeBytes: number,
): readonly T[] {
  let newer = sizeBytes;
  let from = tables.length;
  while (from > 0 && tables[from - 1]!.sizeBytes <= newer * JOIN_FACTOR) {
    from -= 1;
    newer += tables[from]!.sizeBytes;
  }
  return tables.slice(from);
}

async function contents<Entry, State, Summary>(
  { books }: Sealed<Entry, State, Summary>,
  folding: Folding<Entry, State, Summary>,
): Promise<{ readonly states: ReadonlyMap<string, State>; readonly summary: Summary }> {
  const states = new Map<string, State>();
  const own: (readonly [string, State])[] = [];
  const won: Entry[] = [];
  const pointers = new Set<string>();
  for (const [i, subject] of books.subjects().entries()) {
    if (i % AT_ONCE === 0) await setImmediate();
    const state = books.state(subject)!;
    states.set(subject, state);
    own.push([subject, state]);
    for (const framed of books.won(subject)) {
      won.push(framed.entry);
      for (const [pointer] of folding.pointers(framed)) pointers.add(pointer);
    }
  }
  for (const pointer of pointers) states.set(pointer, books.pointer(pointer)!);
  return { states, summary: folding.summaryOf({ states: own, won }) };
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
