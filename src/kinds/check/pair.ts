/** How the values of two columns are compared with each other: by value, in a type that holds both exactly, or not at all. Pure. */

import { classOf, wordFor } from './type-class.ts';

import type { TypeClass } from './type-class.ts';

/**
 * SQL of a key for each side (a function of the column's SQL): two values are equal where their keys are. A key that is
 * null for a value says that the other column cannot hold it. `unlike`: there is no honest comparison.
 */
export type Pair =
  | { readonly left: (column: string) => string; readonly right: (column: string) => string }
  | { readonly unlike: string };

type Side = { readonly name: string; readonly type: string };

const itself = (column: string): string => column;
const asText = (column: string): string => `cast(${column} as varchar)`;
const triedAs =
  (type: string) =>
  (column: string): string =>
    `try_cast(${column} as ${type})`;

/** The pairing of two columns; `name` is how a message calls each. */
export function pairOf(left: Side, right: Side): Pair {
  if (left.type === right.type) return { left: itself, right: itself };
  const common = commonType(classOf(left.type), classOf(right.type));
  if (common === undefined) {
    return {
      unlike: `${left.name} is ${wordFor(left.type)} and ${right.name} is ${wordFor(right.type)}: they cannot be compared; give both one type where they are read, or cast one in a query before`,
    };
  }
  return { left: keyOf(left.type, common), right: keyOf(right.type, common) };
}

/** A type that holds every value which both may have. */
function commonType(a: TypeClass, b: TypeClass): string | undefined {
  const kinds = new Set([a.kind, b.kind]);
  if (a.kind === 'exact' && b.kind === 'exact') return exactType(Math.max(a.scale, b.scale));
  if (a.kind === 'exact' && b.kind === 'binary') return exactType(a.scale);
  if (a.kind === 'binary' && b.kind === 'exact') return exactType(b.scale);
  if (a.kind === 'binary' && b.kind === 'binary') return 'DOUBLE';
  if (isAmong(kinds, ['text', 'choice'])) return 'VARCHAR';
  if (isAmong(kinds, ['date', 'moment'])) {
    const points = [a, b].flatMap((side) => (side.kind === 'moment' ? [side] : []));
    if (points.some(({ hasZone }) => hasZone)) return undefined;
    return points.some(({ digits }) => digits === 9) ? 'TIMESTAMP_NS' : 'TIMESTAMP';
  }
  return undefined;
}

/** Of two columns the one with more places leaves the fewer digits before the point: what does not fit has no equal there. */
function exactType(scale: number): string {
  return scale === 0 ? 'HUGEINT' : `DECIMAL(38,${scale})`;
}

function keyOf(type: string, common: string): (column: string) => string {
  const of = classOf(type);
  if (common === 'VARCHAR') return asText;
  if (of.kind !== 'binary') return type === common ? itself : triedAs(common);
  // A binary number stands for its shortest text.
  if (common === 'DOUBLE')
    return of.isSingle ? (column) => `cast(${asText(column)} as double)` : itself;
  return (column) => {
    const tried = `try_cast(${asText(column)} as ${common})`;
    return `case when cast(${asText(tried)} as ${type}) = ${column} then ${tried} end`;
  };
}

function isAmong(kinds: ReadonlySet<string>, known: readonly string[]): boolean {
  return [...kinds].every((kind) => known.includes(kind));
}
