/** A query of a step, with the place in its file of each of its letters. Pure. */

import { sqlPieces } from '../model/sql-from.ts';
import { isRef } from '../model/plan-nodes.ts';

import type { Sql } from '../model/attempt-inputs.ts';
import type { SqlPart } from '../model/plan-nodes.ts';
import type { Place } from './located.ts';

export type Query = {
  /** Dotted name of its option, such as `outputs.big`. */
  readonly path: string;
  readonly parts: readonly SqlPart[];
  /** Index in what was written where each part begins. */
  readonly starts: readonly number[];
  /** Place of a letter of what was written. */
  readonly placeIn: (index: number) => Place;
};

/** A query as an engine reads it. What steps will return is not known yet, and NULL here. */
export type Draft = Sql & {
  /** True: some of its values are not known, so neither are the types that follow from them. */
  readonly isOpen: boolean;
  /** Place in the file of a byte of the text in UTF-8. */
  readonly placeOf: (byte: number) => Place;
};

/** The query for an engine to look at. */
export function draftOf({ parts, starts, placeIn }: Query): Draft {
  const { pieces, binds } = sqlPieces(parts.map((part) => (isRef(part) ? { value: null } : part)));
  const text = pieces.join('');
  // What is missing at the end is told at the last letter, not on a line below.
  const last = Math.max(0, bytesOf(text.trimEnd()) - 1);
  return { text, binds, isOpen: parts.some((part) => isRef(part)), placeOf };

  function placeOf(byte: number): Place {
    let left = Math.min(byte, last);
    for (const [i, piece] of pieces.entries()) {
      const bytes = bytesOf(piece);
      if (left < bytes || i === pieces.length - 1) {
        const start = starts[i] ?? 0;
        // All of a bound value stands where its reference does.
        return placeIn(
          typeof parts[i] === 'string'
            ? start + Math.max(0, indexOf(piece, left) - extra(i))
            : start,
        );
      }
      left -= bytes;
    }
    return placeIn(0);
  }

  /** A blank that was put before a piece. */
  function extra(i: number): number {
    const part = parts[i];
    return typeof part === 'string' && pieces[i] !== part ? 1 : 0;
  }
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** Index of the letter that holds a byte. */
function indexOf(text: string, byte: number): number {
  if (byte >= bytesOf(text)) return text.length;
  return new TextDecoder().decode(new TextEncoder().encode(text).subarray(0, byte)).length;
}
