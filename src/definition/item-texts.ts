/**
 * Items in options whose kind knows no values of a run: while the options are checked, a text stands for each item, which
 * then becomes its node in the plan. Pure.
 */

import {
  concatOf,
  isConcat,
  isRef,
  itemFieldOf,
  itemNamed,
  mapNodes,
  piecesOf,
  sqlOf,
} from '../model/plan-nodes.ts';
import { child, entriesOf } from './located.ts';

import type { Json } from '../model/json.ts';
import type { Located } from './located.ts';

/** Around the name of a column; no text of a file has this letter. */
const MARK = '\u0001';
const TEXT = new RegExp(`${MARK}item([^${MARK}]*)${MARK}`);

/** The value with a text in place of each node that is nothing but text and items. */
export function withItemTexts(located: Located): Located {
  switch (located.kind) {
    case 'node': {
      const text = itemTextOf(located.value);
      return text === undefined
        ? located
        : { kind: 'scalar', at: located.at, value: text, marks: [] };
    }
    case 'list':
      return { ...located, items: located.items.map(withItemTexts) };
    case 'map': {
      const entries = entriesOf(located).map(
        ([key, { key: at }]) =>
          [key, { key: at, value: withItemTexts(child(located, key)!) }] as const,
      );
      return { ...located, entries: new Map(entries) };
    }
    default:
      return located;
  }
}

/** The options with the nodes again. */
export function withItemNodes(options: Json): Json {
  return mapNodes<Json>(options, {
    scalar: (value) => (typeof value === 'string' ? nodeIn(value) : value),
    ref: (node) => node,
    secret: (node) => node,
    concat: (pieces) => ({ ...concatOf(pieces) }),
    sql: (parts) => ({ ...sqlOf(parts) }),
  });
}

function itemTextOf(value: Json): string | undefined {
  const pieces = isConcat(value) ? piecesOf(value) : isRef(value) ? [value] : [];
  if (pieces.length === 0) return undefined;
  const texts = pieces.map((piece) => {
    if (typeof piece === 'string') return piece;
    const field = isRef(piece) ? itemFieldOf(piece) : undefined;
    return field === undefined ? undefined : `${MARK}item${field}${MARK}`;
  });
  return texts.includes(undefined) ? undefined : texts.join('');
}

function nodeIn(text: string): Json {
  if (!text.includes(MARK)) return text;
  // The texts between items stand at even places, the names of columns at odd ones.
  const pieces = text
    .split(TEXT)
    .map((part, i) => (i % 2 === 0 ? part : itemNamed(part === '' ? undefined : part)))
    .filter((part) => part !== '');
  return concatOf(pieces);
}
