/** What a new table is made of: the entries that no table covers, and the tables it is to replace. */

import { setImmediate } from 'node:timers/promises';

import { checksum } from './frame.ts';
import { stateIn } from './table-rows.ts';
import { writeTable } from './table-writer.ts';

import type { Books } from './books.ts';
import type { Folding } from './folding.ts';
import type { Read } from './reading.ts';
import type { Row } from './table-rows.ts';
import type { Table } from './table.ts';

/** A table is joined with what is newer as long as it is at most so many times as large. */
const JOIN_FACTOR = 4;
/** Subjects that are folded before others get their turn. */
const AT_ONCE = 50;

/**
 * Writes the table to a new file, and answers the tables that stay beside it. `sizeBytes`: of the entries in `books`.
 * With `isOver` everything is joined into it, without the states for which that answers true.
 */
export async function writeJoined<Entry, State, Summary>(
  path: string,
  { tables, books, sizeBytes }: Read<Entry, State, Summary> & { readonly sizeBytes: number },
  folding: Folding<Entry, State, Summary>,
  isOver?: (subject: string, state: State) => boolean,
): Promise<readonly Table<State, Summary>[]> {
  const joined = isOver === undefined ? toJoin(tables, sizeBytes) : tables;
  const kept = tables.slice(0, tables.length - joined.length);
  const { states, summary: own } = await contents(books, folding);
  const merged = [...joined.map((table) => table.summary()), own].reduce(folding.mergeSummaries);
  const summary = kept.length === 0 ? (folding.oldestSummary?.(merged) ?? merged) : merged;
  // A damaged row says nothing, and stays as it is.
  const isKept = (row: Row): boolean => {
    if (isOver === undefined || checksum(row.bytes) !== row.crc) return true;
    const [subject, state] = stateIn(row);
    return !isOver(subject, state as State);
  };
  await writeTable(path, { states, older: joined, summary, isKept });
  return kept;
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
  books: Books<Entry, State>,
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
