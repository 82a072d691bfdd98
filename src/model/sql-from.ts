/** One query from the texts and values of a plan: values are bound, and have the type they were declared with. Pure. */

import type { Sql } from './attempt-inputs.ts';
import type { Scalar } from './json.ts';
import type { SqlValue } from './plan-nodes.ts';

/** Names of bound values never meet a name that the text already has. */
export function sqlFrom(parts: readonly (string | SqlValue)[]): Sql {
  const { pieces, binds } = sqlPieces(parts);
  return { text: pieces.join(''), binds };
}

/** The pieces of the query's text, one a part, and the values by name. */
export function sqlPieces(parts: readonly (string | SqlValue)[]): {
  readonly pieces: readonly string[];
  readonly binds: Sql['binds'];
} {
  const written = parts.filter((part) => typeof part === 'string').join(' ');
  const binds: Record<string, Scalar> = {};
  const pieces: string[] = [];
  let n = 0;
  for (const part of parts) {
    const piece = typeof part === 'string' ? part : typed(`$${bind(part.value)}`, typedValue(part));
    // Two names side by side would be read as one.
    const touches = /[\w$)]$/.test(pieces.at(-1) ?? '') && /^[\w$]/.test(piece);
    pieces.push(touches ? ` ${piece}` : piece);
  }
  return { pieces, binds };

  function bind(value: Scalar): string {
    do n += 1;
    while (new RegExp(`\\$p${n}(?!\\d)`).test(written));
    // The binding takes a whole number for an integer of 64 bits; as text it meets only the cast.
    const isHuge = typeof value === 'number' && Math.abs(value) >= 2 ** 63;
    binds[`p${n}`] = isHuge ? String(value) : value;
    return `p${n}`;
  }
}

/** The value with the type it has in the query; a text, true, false and NULL are bound as what they are. */
export function typedValue({ value, type }: SqlValue): SqlValue {
  if (typeof value !== 'number') return type === 'DATE' ? { value, type } : { value };
  return { value, type: type ?? (Number.isSafeInteger(value) ? 'BIGINT' : 'DOUBLE') };
}

function typed(name: string, { type }: SqlValue): string {
  return type === undefined ? name : `cast(${name} as ${type})`;
}
