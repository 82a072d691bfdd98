/** A journal in memory: the same folds over a list, for one process and gone with it. */

import { makeBooks } from '../journal/books.ts';

import type { Folding, Verdict } from '../journal/folding.ts';
import type { Journal } from '../journal/journal.ts';

/** An empty journal. */
export function openMemoryJournal<Entry, State, Summary>(
  folding: Folding<Entry, State, Summary>,
): Journal<Entry, State, Summary> {
  const books = makeBooks<Entry, State>({ folding, base: () => undefined, isMine: () => true });
  let appends = 0;
  const append = (entry: Entry): Verdict => {
    // As another process would read it.
    const framed = { token: `memory-${(appends += 1)}`, entry: structuredClone(entry) };
    books.take([framed]);
    return books.verdict(framed);
  };
  const summary = (): Summary => {
    const subjects = books.subjects().filter(folding.isSummed);
    return folding.summaryOf({
      states: subjects.map((subject) => [subject, books.state(subject)!] as const),
      won: subjects.flatMap((subject) => books.won(subject).map(({ entry }) => entry)),
    });
  };
  return {
    append: async (entries) => entries.map(append),
    refresh: async () => undefined,
    state: (subject) => books.state(subject),
    pointer: (subject) => books.pointer(subject),
    summary,
    changes: (cursor) => {
      const next = { books, count: books.count() };
      return cursor?.books === books
        ? { cursor: next, more: books.wonAfter(cursor.count) }
        : { cursor: next, all: summary() };
    },
    visit: (prefix, visit) => {
      const isAsked = (subject: string): boolean => subject.startsWith(prefix);
      for (const subject of books.subjects().filter(isAsked)) visit(subject, books.state(subject)!);
      for (const subject of books.pointers().filter(isAsked)) {
        const state = books.pointer(subject);
        if (state !== undefined) visit(subject, state);
      }
    },
    settled: async () => undefined,
    compact: async () => undefined,
    // Its states are small beside the artifacts it holds, and gone with the process.
    compactWithout: async () => true,
    close: () => undefined,
  };
}
