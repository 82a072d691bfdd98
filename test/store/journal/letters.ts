/** The plainest folding: of one letter's entries the first counts until it is dropped; and a list model of it. */

import { openJournal } from '../../../src/store/journal/journal.ts';

import type { Folding, Verdict } from '../../../src/store/journal/folding.ts';
import type { Journal } from '../../../src/store/journal/journal.ts';

export type Letter = { readonly letter: string; readonly by: string; readonly drop?: true };
export type LetterState = { readonly by?: string };
/** Winning entries by writer, and how many states there are with a value. */
export type LetterSummary = Readonly<Record<string, number>>;

export const LETTERS: Folding<Letter, LetterState, LetterSummary> = {
  subjectOf: ({ letter }) => `letter ${letter}`,
  apply: (state = {}, { entry: { by, drop } }) => {
    if (drop === true) {
      return state.by === by
        ? { state: {}, verdict: { won: true } }
        : { state, verdict: { won: false } };
    }
    return state.by === undefined
      ? { state: { by }, verdict: { won: true } }
      : { state, verdict: { won: false, first: state.by } };
  },
  pointers: ({ entry: { letter, by, drop } }) =>
    drop === true ? [] : [[`newest of ${by}`, { by: letter }]],
  isSummed: () => true,
  summaryOf: ({ won }) => {
    const counts: Record<string, number> = {};
    for (const { by } of won) counts[by] = (counts[by] ?? 0) + 1;
    return counts;
  },
  mergeSummaries: (older, newer) => {
    const counts = { ...older };
    for (const [by, n] of Object.entries(newer)) counts[by] = (counts[by] ?? 0) + n;
    return counts;
  },
};

export type Letters = Journal<Letter, LetterState, LetterSummary>;

/** A journal of letters as a process opens it. */
export function openLetters(folder: string, sealBytes = 1_000_000): Letters {
  return openJournal({ folder, folding: LETTERS, sealBytes });
}

/** The same by a plain list: what a journal has to agree with. */
export function makeModel() {
  const states = new Map<string, string>();
  const newest = new Map<string, string>();
  const counts: Record<string, number> = {};
  return {
    append: ({ letter, by, drop }: Letter): Verdict => {
      const first = states.get(letter);
      const wins = drop === true ? first === by : first === undefined;
      if (!wins) return drop === true ? { won: false } : { won: false, first };
      counts[by] = (counts[by] ?? 0) + 1;
      if (drop === true) states.delete(letter);
      else {
        states.set(letter, by);
        newest.set(by, letter);
      }
      return { won: true };
    },
    first: (letter: string) => states.get(letter),
    newest: (by: string) => newest.get(by),
    counts: () => counts,
  };
}
