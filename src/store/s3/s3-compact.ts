/**
 * Moves what batches of the log say into a table, joins tables so that there are ever only a few, and removes what has
 * been covered for a day.
 *
 * 1. What is told by the bucket changes at one moment: when the next head is there. Killed before, the new table is
 *    nobody's; killed after, what was replaced is removed later.
 * 2. Of two who compact at once one wins, and the other one removes only its own table.
 * 3. What is removed has been covered, or replaced, for so long that nobody may still be reading it.
 */

import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';

import { makeBooks } from '../journal/books.ts';
import { writeJoined } from '../journal/joining.ts';
import { tableName, turnOf } from '../journal/names.ts';
import { newestOf } from '../journal/reading.ts';
import { HEADS, NO_HEAD, turnOfKey } from './heads.ts';
import { LOG, numberOf } from './log.ts';
import { TABLES } from './tables.ts';

import type { Folding } from '../journal/folding.ts';
import type { Head, Heads } from './heads.ts';
import type { Batch } from './log.ts';
import type { Objects } from './objects.ts';
import type { Tables } from './tables.ts';

export type Compacting<Entry, State, Summary> = {
  readonly heads: Heads;
  readonly tables: Tables;
  readonly folding: Folding<Entry, State, Summary>;
  /** What was read of the log. */
  readonly tail: readonly Batch<Entry>[];
  /** A head that was read before; nothing in front of it is in `tail`. */
  readonly known: Head;
  /** Fewer batches are left as they are. */
  readonly least: number;
  readonly isOver?: (subject: string, state: State) => boolean;
};

/** Compacts `tail`. Answers the head that counts then, and whether this process made it. */
export async function compactS3<Entry, State, Summary>({
  heads,
  tables,
  folding,
  tail,
  known,
  least,
  isOver,
}: Compacting<Entry, State, Summary>): Promise<{ readonly head: Head; readonly isOurs: boolean }> {
  const { head } = await heads.newest(known);
  const batches = tail.filter(({ number }) => number > head.covered);
  const covered = batches.at(-1)?.number ?? head.covered;
  if (batches.length < least) return { head, isOurs: false };
  const opened = await tables.open<State, Summary>(head);
  if (opened === undefined) return { head, isOurs: false };
  const file = await tables.draft();
  try {
    const books = makeBooks<Entry, State>({
      ...{ folding, base: newestOf(opened), isMine: () => false },
    });
    for (const { frames } of batches) books.take(frames);
    const sizeBytes = batches.reduce((sum, batch) => sum + batch.bytes, 0);
    const kept = await writeJoined(file, { tables: opened, books, sizeBytes }, folding, isOver);
    const names = new Set(kept.map((table) => table.name));
    const turn = head.turn + 1;
    const by = randomBytes(6).toString('hex');
    const added = await tables.add(tableName(turn, by), file);
    const stay = head.tables.filter(({ name }) => names.has(name));
    const next: Head = { turn, covered, by, tables: [...stay, added] };
    if (await heads.create(next)) return { head: next, isOurs: true };
    await tables.remove([added.name]);
    return { head, isOurs: false };
  } finally {
    for (const table of opened) table.close();
    await rm(file, { force: true });
  }
}

/** Removes what has been covered or replaced for `keptMs`, by the bucket's own clock. */
export async function removeCovered(
  { objects, heads, tables }: { objects: Objects; heads: Heads; tables: Tables },
  keptMs: number,
): Promise<void> {
  const old: string[] = [];
  let newestKey: string | undefined;
  for await (const { key, writtenMs, serverMs } of objects.listAll(HEADS)) {
    if (turnOfKey(key) === undefined) continue;
    newestKey ??= key;
    if (serverMs !== undefined && serverMs - writtenMs >= keptMs) old.push(key);
  }
  const [last, ...older] = old;
  if (last === undefined || newestKey === undefined) return;
  const [covering, newest] = await Promise.all([heads.read(last), heads.read(newestKey)]);
  const { covered } = covering ?? NO_HEAD;
  const gone: string[] = [...older];
  for await (const { key } of objects.listAll(LOG)) {
    const number = numberOf(key);
    if (number === undefined) continue;
    if (number > covered) break;
    gone.push(key);
  }
  await objects.remove(gone);
  // Those of every head that stays: what one between these two has of old tables, the older one has as well.
  const staying = [...(covering?.tables ?? []), ...(newest?.tables ?? [])];
  const needed = new Set(staying.map(({ name }) => name));
  const replaced: string[] = [];
  for await (const { key } of objects.listAll(TABLES)) {
    const name = key.slice(TABLES.length);
    if ((turnOf(name) ?? Infinity) <= turnOfKey(last)! && !needed.has(name)) replaced.push(name);
  }
  if (newest !== undefined) await tables.remove(replaced);
}
