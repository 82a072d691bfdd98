/** Numbers of a JSON text that a value would not keep: they are refused, never rounded. Pure. */

import { exactNumber } from '../../model/exact-number.ts';

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

/** The first number of a well-formed JSON text that would lose digits; undefined: all are kept. */
export function inexactNumber(json: string): string | undefined {
  return (json.match(TOKEN) ?? []).find(
    (token) => !token.startsWith('"') && exactNumber(token) === undefined,
  );
}
