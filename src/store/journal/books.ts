/**
 * The entries that no table covers yet, by subject, folded only as far as somebody asks. No I/O of its own.
 *
 * 1. The state of a subject is that of the tables with its entries here folded in, in their order.
 * 2. A state is folded once: asking again, or for another subject, changes nothing.
 */

import type { Folding, Verdict } from './folding.ts';
import type { Framed } from './frame.ts';

export type Books<Entry, State> = {
  /** Adds entries behind those that are here. */
  take(frames: readonly Framed<Entry>[]): void;
  state(subject: string): State | undefined;
  /** What became of an entry that was taken. */
  verdict(framed: Framed<Entry>): Verdict;
  /** The subjects with entries here. */
  subjects(): readonly string[];
  /** The entries of a subject here that won. */
  won(subject: string): readonly Framed<Entry>[];
  /** The newest winning entry here that sets a pointer, as the state it gives it. */
  pointer(subject: string): State | undefined;
  /** Entries taken so far. */
  count(): number;
  /** Those that won, in their order, of all that were taken after the first so many. */
  wonAfter(count: number): readonly Entry[];
};

type Held<Entry, State> = {
  /** Not folded yet. */
  waiting: Framed<Entry>[];
  isLoaded: boolean;
  state: State | undefined;
  won: Framed<Entry>[];
  verdicts: Map<string, Verdict>;
};

/** Books over what `base` knows of a subject. `isMine` picks the tokens whose verdicts are kept. */
export function makeBooks<Entry, State>({
  folding,
  base,
  isMine,
}: {
  readonly folding: Pick<Folding<Entry, State, unknown>, 'subjectOf' | 'apply' | 'pointers'>;
  readonly base: (subject: string) => State | undefined;
  readonly isMine: (token: string) => boolean;
}): Books<Entry, State> {
  const held = new Map<string, Held<Entry, State>>();
  const pointing = new Map<string, Framed<Entry>[]>();
  const order: Framed<Entry>[] = [];
  const winners = new Set<Framed<Entry>>();

  const folded = (subject: string): Held<Entry, State> | undefined => {
    const found = held.get(subject);
    if (found === undefined || found.waiting.length === 0) return found;
    if (!found.isLoaded) {
      found.state = base(subject);
      found.isLoaded = true;
    }
    for (const framed of found.waiting.splice(0)) {
      const { state, verdict } = folding.apply(found.state, framed);
      found.state = state;
      if (verdict.won) {
        found.won.push(framed);
        winners.add(framed);
      }
      if (isMine(framed.token)) found.verdicts.set(framed.token, verdict);
    }
    return found;
  };

  return {
    take: (frames) => {
      for (const framed of frames) {
        order.push(framed);
        const subject = folding.subjectOf(framed.entry);
        const found = held.get(subject);
        if (found === undefined) {
          held.set(subject, {
            waiting: [framed],
            isLoaded: false,
            state: undefined,
            won: [],
            verdicts: new Map(),
          });
        } else found.waiting.push(framed);
        for (const [pointer] of folding.pointers(framed)) {
          const entries = pointing.get(pointer);
          if (entries === undefined) pointing.set(pointer, [framed]);
          else entries.push(framed);
        }
      }
    },
    state: (subject) => (held.has(subject) ? folded(subject)?.state : base(subject)),
    verdict: ({ token, entry }) => {
      const found = folded(folding.subjectOf(entry));
      const verdict = found?.verdicts.get(token);
      if (verdict === undefined) throw new Error(`entry ${token} was not taken`);
      found?.verdicts.delete(token);
      return verdict;
    },
    subjects: () => [...held.keys()],
    won: (subject) => folded(subject)?.won ?? [],
    pointer: (subject) => {
      const entries = pointing.get(subject) ?? [];
      for (const framed of entries.toReversed()) {
        folded(folding.subjectOf(framed.entry));
        const states = new Map(winners.has(framed) ? folding.pointers(framed) : []);
        if (states.has(subject)) return states.get(subject);
      }
      return base(subject);
    },
    count: () => order.length,
    wonAfter: (count) => {
      const later = order.slice(count);
      for (const { entry } of later) folded(folding.subjectOf(entry));
      return later.filter((framed) => winners.has(framed)).map(({ entry }) => entry);
    },
  };
}
