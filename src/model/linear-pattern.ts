/**
 * Regular expressions that always answer: all ways through a pattern are followed at once, so the time
 * grows with the text and never explodes. What cannot be matched so (references back, looking ahead)
 * is refused. Pure.
 */

/** A pattern, or why it is none. */
export type Pattern =
  | { readonly test: (text: string) => boolean; readonly wrong?: undefined }
  | { readonly wrong: string };

/** Most steps of one pattern, repetitions written out. */
const MAX_STATES = 5_000;

type State =
  | { readonly kind: 'letter'; readonly fits: (letter: string) => boolean; next: number }
  | {
      readonly kind: 'edge';
      readonly holds: (before: string, after: string) => boolean;
      next: number;
    }
  | { readonly kind: 'fork'; next: number; other: number }
  | { readonly kind: 'end' };

/** Reads a pattern of the usual notation, as JavaScript has it with the `u` flag. */
export function linearPattern(pattern: string): Pattern {
  if (!isPattern(pattern)) return { wrong: 'it is not a regular expression' };
  const states: State[] = [];
  try {
    const builder = new Builder(pattern, states);
    const start = builder.whole();
    return { test: (text) => run(states, start, text) };
  } catch (error) {
    if (error instanceof Refused) return { wrong: error.message };
    throw error;
  }
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}

class Refused extends Error {}

/** Builds the states of a pattern from its end to its beginning: each part is given what follows it. */
class Builder {
  readonly #pattern: string;
  readonly #states: State[];
  #at = 0;

  constructor(pattern: string, states: State[]) {
    this.#pattern = pattern;
    this.#states = states;
  }

  whole(): number {
    const end = this.#add({ kind: 'end' });
    return this.#alternatives()(end);
  }

  #add(state: State): number {
    if (this.#states.length >= MAX_STATES)
      throw new Refused('it repeats too much to be tried in bounded time');
    return this.#states.push(state) - 1;
  }

  #take(start: RegExp): string | undefined {
    const found = start.exec(this.#pattern.slice(this.#at))?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #alternatives(): (next: number) => number {
    const all = [this.#sequence()];
    while (this.#take(/^\|/) !== undefined) all.push(this.#sequence());
    return (next) =>
      all
        .map((each) => each(next))
        .reduce((other, each) => this.#add({ kind: 'fork', next: each, other }));
  }

  #sequence(): (next: number) => number {
    const parts: ((next: number) => number)[] = [];
    while (this.#at < this.#pattern.length && !/^[|)]/.test(this.#pattern.slice(this.#at))) {
      parts.push(this.#repeated(this.#atom()));
    }
    return (next) => parts.reduceRight((following, part) => part(following), next);
  }

  #repeated(atom: (next: number) => number): (next: number) => number {
    const written = this.#take(/^(?:[*+?]|\{\d+(?:,\d*)?\})\??/);
    if (written === undefined) return atom;
    const [least, most] = boundsOf(written);
    return (next) => {
      let following = next;
      if (most === Infinity) {
        const fork = this.#add({ kind: 'fork', next: 0, other: next });
        const state = this.#states[fork] as { next: number };
        state.next = atom(fork);
        following = fork;
      } else {
        for (let n = least; n < most; n += 1) {
          following = this.#add({ kind: 'fork', next: atom(following), other: next });
        }
      }
      for (let n = 0; n < least; n += 1) following = atom(following);
      return following;
    };
  }

  #atom(): (next: number) => number {
    const group = this.#take(/^\((?:\?(?::|<[A-Za-z_$][\w$]*>|<?[=!]|[a-z-]+:))?/);
    if (group !== undefined) {
      if (!/^\((?:\?:|\?<[A-Za-z_$][\w$]*>)?$/.test(group)) {
        throw new Refused(
          `'${group}' cannot be tried in bounded time; leave out what looks ahead or behind`,
        );
      }
      const inside = this.#alternatives();
      this.#at += 1;
      return inside;
    }
    const edge = this.#take(/^(?:[\^$]|\\[bB])/);
    if (edge !== undefined) {
      const holds = EDGES[edge]!;
      return (next) => this.#add({ kind: 'edge', holds, next });
    }
    const back = this.#take(/^\\(?:[1-9]|k<)/);
    if (back !== undefined)
      throw new Refused('a reference back to a group cannot be tried in bounded time');
    // Every other atom is one letter: the language's own word on it cannot take long.
    const letter = this.#take(
      /^(?:\[(?:\\[\s\S]|[^\]\\])*\]|\\[pP]\{[^}]*\}|\\u\{[^}]*\}|\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|\\c[A-Za-z]|\\[\s\S]|[\s\S])/u,
    )!;
    const one = new RegExp(`^(?:${letter})$`, 'u');
    return (next) => this.#add({ kind: 'letter', fits: (text) => one.test(text), next });
  }
}

const isWord = (letter: string): boolean => /^\w$/.test(letter);
const EDGES: Readonly<Record<string, (before: string, after: string) => boolean>> = Object.freeze({
  '^': (before) => before === '',
  $: (_before, after) => after === '',
  '\\b': (before, after) => isWord(before) !== isWord(after),
  '\\B': (before, after) => isWord(before) === isWord(after),
});

function boundsOf(written: string): readonly [number, number] {
  if (written.startsWith('*')) return [0, Infinity];
  if (written.startsWith('+')) return [1, Infinity];
  if (written.startsWith('?')) return [0, 1];
  const [, least, comma, most] = /^\{(\d+)(,?)(\d*)/.exec(written)!;
  return [Number(least), comma === '' ? Number(least) : most === '' ? Infinity : Number(most)];
}

/** True if the pattern matches anywhere in the text, as `RegExp.test` answers. */
function run(states: readonly State[], start: number, text: string): boolean {
  const letters = Array.from(text);
  let here = new Set<number>();
  for (let at = 0; at <= letters.length; at += 1) {
    const [before, after] = [letters[at - 1] ?? '', letters[at] ?? ''];
    here.add(start);
    const reached = closure(states, here, before, after);
    if ([...reached].some((each) => states[each]!.kind === 'end')) return true;
    here = new Set();
    for (const each of reached) {
      const state = states[each]!;
      if (state.kind === 'letter' && after !== '' && state.fits(after)) here.add(state.next);
    }
  }
  return false;
}

/** The states that can be reached without taking a letter. */
function closure(
  states: readonly State[],
  from: ReadonlySet<number>,
  before: string,
  after: string,
): ReadonlySet<number> {
  const reached = new Set<number>();
  const open = [...from];
  for (let each = open.pop(); each !== undefined; each = open.pop()) {
    if (reached.has(each)) continue;
    reached.add(each);
    const state = states[each]!;
    if (state.kind === 'fork') open.push(state.next, state.other);
    if (state.kind === 'edge' && state.holds(before, after)) open.push(state.next);
  }
  return reached;
}
