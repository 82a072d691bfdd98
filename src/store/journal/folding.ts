/** What a journal does not know itself: what its entries are about, and what they add up to. Types. */

import type { Framed } from './frame.ts';

/** What became of an entry, by everything that stands before it. */
export type Verdict<First = unknown> =
  | { readonly won: true }
  /** It changed nothing that counts; `first` is what stood there, where that is of use. */
  | { readonly won: false; readonly first?: First }
  /** Its writer was overtaken by a later generation: what it says is void. */
  | { readonly won: false; readonly fenced: true };

/**
 * 1. Entries of one subject are folded in their order; entries of different subjects never touch each other.
 * 2. The verdict follows from the subject's state alone, so it is the same before and after a compaction.
 * 3. Summaries merge: that of the older part with that of the newer part is that of both.
 */
export type Folding<Entry, State, Summary> = {
  subjectOf(entry: Entry): string;
  /** May change `state`: it is the caller's own. */
  apply(
    state: State | undefined,
    framed: Framed<Entry>,
  ): { readonly state: State; readonly verdict: Verdict };
  /** Other subjects that a winning entry sets; the newest counts. */
  pointers(framed: Framed<Entry>): readonly (readonly [subject: string, state: State])[];
  /** False for subjects that no summary depends on: they are not folded for one. */
  isSummed(subject: string): boolean;
  /** Of the states that a part of the journal left behind, and of the entries in it that won. */
  summaryOf(part: {
    readonly states: Iterable<readonly [subject: string, state: State]>;
    readonly won: Iterable<Entry>;
  }): Summary;
  mergeSummaries(older: Summary, newer: Summary): Summary;
  /** A summary with nothing older before it: what it says of older parts is needed no more. */
  oldestSummary?(summary: Summary): Summary;
};
