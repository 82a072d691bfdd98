/** Where each letter of a YAML text stands in its file, whatever the style it is written in. Pure. */

import type { Scalar as YamlScalar } from 'yaml';
import type { Place } from './located.ts';

type PlaceOf = (offset: number) => Place;

/** Answers the place of a letter by its index in the value; looks for it when it is asked for. */
export function placesIn(
  node: YamlScalar,
  value: string,
  source: string,
  place: PlaceOf,
): (index: number) => Place {
  let offsets: readonly number[] | undefined;
  return (index) => {
    const [start, end] = node.range ?? [0, 0];
    offsets ??= offsetsOf(node, value, source.slice(start, end)) ?? [];
    const found = offsets[Math.min(index, offsets.length - 1)];
    return place(start + (found ?? 0));
  };
}

/**
 * The offset of each letter. Blanks of the value are matched with blanks of the file, whatever their
 * number: folding and indents change nothing else. Undefined where the two do not fit.
 */
function offsetsOf(node: YamlScalar, value: string, written: string): number[] | undefined {
  const quote = node.type === 'QUOTE_SINGLE' ? "'" : node.type === 'QUOTE_DOUBLE' ? '"' : '';
  const isBlock = node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED';
  let at = isBlock ? written.indexOf('\n') + 1 : quote.length;
  const offsets: number[] = [];
  for (let i = 0; i < value.length;) {
    const blanks = /^\s+/.exec(value.slice(i, i + 1)) === null ? 0 : blanksAt(value, i);
    if (blanks > 0) {
      const [found, end] = blanksOf(written, at, quote === '"');
      for (let n = 0; n < blanks; n += 1) offsets.push(Math.min(found + n, end));
      at = end;
      i += blanks;
      continue;
    }
    at = blanksOf(written, at, quote === '"')[1];
    const length = lettersAt(written, at, value[i]!, quote);
    if (length === undefined) return undefined;
    offsets.push(at);
    at += length;
    i += 1;
  }
  offsets.push(at);
  return offsets;
}

function blanksAt(text: string, from: number): number {
  let to = from;
  while (to < text.length && /\s/.test(text[to]!)) to += 1;
  return to - from;
}

/** Where blanks begin and end; in double quotes some are written as \n, \t or a backslash before a line end. */
function blanksOf(written: string, from: number, escapes: boolean): readonly [number, number] {
  let to = from;
  for (;;) {
    const here = written[to];
    if (here !== undefined && /\s/.test(here)) to += 1;
    else if (escapes && here === '\\' && /[nrt \n]/.test(written[to + 1] ?? '')) to += 2;
    else return [from, to];
  }
}

/** How many letters of the file make one of the value; undefined: another letter stands there. */
function lettersAt(written: string, at: number, letter: string, quote: string): number | undefined {
  const here = written[at];
  if (quote === "'" && here === "'") return letter === "'" ? 2 : undefined;
  if (quote !== '"' || here !== '\\') return here === letter ? 1 : undefined;
  const length = { x: 4, u: 6, U: 10 }[written[at + 1] ?? ''];
  return length ?? 2;
}
