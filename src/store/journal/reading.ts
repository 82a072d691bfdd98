/** What tables and the entries behind them tell together, wherever both lie. No I/O but that of the tables. */

import { checksum } from './frame.ts';
import { keyOf } from './table.ts';
import { rowsOf, stateIn } from './table-rows.ts';

import type { Books } from './books.ts';
import type { Folding } from './folding.ts';
import type { Table } from './table.ts';

export type Read<Entry, State, Summary> = {
  /** Oldest first. */
  readonly tables: readonly Table<State, Summary>[];
  readonly books: Books<Entry, State>;
};

/** What all of it adds up to. */
export function summaryOver<Entry, State, Summary>(
  { tables, books }: Read<Entry, State, Summary>,
  folding: Folding<Entry, State, Summary>,
): Summary {
  const subjects = books.subjects().filter(folding.isSummed);
  const tail = folding.summaryOf({
    states: subjects.map((subject) => [subject, books.state(subject)!] as const),
    won: subjects.flatMap((subject) => books.won(subject).map(({ entry }) => entry)),
  });
  return [...tables.map((table) => table.summary()), tail].reduce(folding.mergeSummaries);
}

/** What won behind a cursor; all of it, where that is of other books. */
export function changesOver<Entry, State, Summary>(
  read: Read<Entry, State, Summary>,
  folding: Folding<Entry, State, Summary>,
  cursor: Cursor | undefined,
): Changes<Entry, Summary> {
  const { books } = read;
  const next = { books, count: books.count() };
  if (cursor?.books !== books) return { cursor: next, all: summaryOver(read, folding) };
  return { cursor: next, more: books.wonAfter(cursor.count) };
}

/** Every state of a subject that begins so, once, as the newest part tells it. */
export function visitOver<Entry, State, Summary>(
  { tables, books }: Read<Entry, State, Summary>,
  prefix: string,
  visit: (subject: string, state: State) => void,
): void {
  const seen = new Set<string>();
  const tell = (subject: string, state: State | undefined): void => {
    if (!subject.startsWith(prefix) || seen.has(subject) || state === undefined) return;
    seen.add(subject);
    visit(subject, state);
  };
  for (const subject of books.subjects()) tell(subject, books.state(subject));
  for (const subject of books.pointers()) tell(subject, books.pointer(subject));
  for (const table of tables.toReversed()) {
    for (const row of rowsOf(table)) {
      if (checksum(row.bytes) !== row.crc) continue;
      const [subject, state] = stateIn(row);
      tell(subject, state as State);
    }
  }
}

/** What the newest of the tables that know a subject says of it. */
export function newestOf<State>(
  tables: readonly Pick<Table<State, unknown>, 'find'>[],
): (subject: string) => State | undefined {
  const newestFirst = tables.toReversed();
  return (subject) => {
    const key = keyOf(subject);
    for (const table of newestFirst) {
      const state = table.find(subject, key);
      if (state !== undefined) return state;
    }
    return undefined;
  };
}

/** How far somebody has read. Means nothing to another process. */
export type Cursor = { readonly books: unknown; readonly count: number };

export type Changes<Entry, Summary> = { readonly cursor: Cursor } & (
  { readonly more: readonly Entry[] } | { readonly all: Summary }
);
