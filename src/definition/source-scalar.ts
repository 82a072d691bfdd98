/** Reads one YAML scalar: only what JSON can say exactly gets through as a number. Pure. */

import { exactNumber } from '../model/exact-number.ts';
import { placesIn } from './scalar-place.ts';

import type { Scalar as YamlScalar } from 'yaml';
import type { Located, Place } from './located.ts';

/** Digits that mean one thing to some programs and another to others. */
const LEADING_ZERO = /^[+-]?0[0-9]/;

/**
 * The scalar with the places of its references. A number that cannot be kept, or could be meant
 * otherwise, says so itself: where text is wanted it is text, and no mistake.
 */
export function readScalar(
  node: YamlScalar,
  at: Place,
  source: string,
  place: (offset: number) => Place,
): Located {
  const { value } = node;
  if (typeof value === 'string') {
    const placeIn = placesIn(node, value, source, place);
    const marks = [...value.matchAll(/\$\{\{/g)].map(({ index }) => placeIn(index));
    return { kind: 'scalar', at, value, marks, placeIn };
  }
  const written = node.source ?? String(value);
  if (value === null) return { kind: 'scalar', at, value, marks: [] };
  if (typeof value === 'boolean') return { kind: 'scalar', at, value, marks: [], written };
  const number = numberOf(value, written);
  return number === undefined
    ? { kind: 'scalar', at, value: written, marks: [], written, wrong: whyNot(written) }
    : { kind: 'scalar', at, value: number, marks: [], written };
}

function numberOf(value: unknown, written: string): number | undefined {
  if (LEADING_ZERO.test(written)) return undefined;
  // 0x1F and 0o17 are whole numbers by another notation.
  if (typeof value === 'bigint' && /^[+-]?0[xo]/.test(written)) {
    return Number.isSafeInteger(Number(value)) ? Number(value) : undefined;
  }
  return exactNumber(written);
}

function whyNot(written: string): string {
  if (LEADING_ZERO.test(written)) {
    return `${written} begins with 0, which a number does not keep; write ${written.replace(/^([+-]?)0+(?=[0-9])/, '$1')}, or '${written}' in quotes for text`;
  }
  return `${written} is not a number that can be kept exactly; whole numbers go to 9007199254740991 and others have about 15 digits, and as text it stands in quotes`;
}
