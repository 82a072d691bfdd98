/** Reads one YAML scalar: only what JSON can say exactly gets through. Pure. */

import type { Scalar as YamlScalar } from 'yaml';

import type { Problem } from '../model/errors.ts';
import type { Located, Place } from './located.ts';

/** The scalar with the places of its references; a hole, with a problem, for what JSON cannot say. */
export function readScalar(
  node: YamlScalar,
  at: Place,
  source: string,
  place: (offset: number) => Place,
  problems: Problem[],
): Located {
  const { value } = node;
  switch (typeof value) {
    case 'string':
      return { kind: 'scalar', at, value, marks: marksOf(node, value, at, source, place) };
    case 'boolean':
      return { kind: 'scalar', at, value, marks: [] };
    case 'number':
      if (Number.isFinite(value)) return { kind: 'scalar', at, value, marks: [] };
      break;
    case 'bigint':
      if (value === BigInt(Number(value)) && Number.isSafeInteger(Number(value))) {
        return { kind: 'scalar', at, value: Number(value), marks: [] };
      }
      break;
    default:
      if (value === null) return { kind: 'scalar', at, value, marks: [] };
  }
  const shown = node.source ?? String(value);
  const message = `${shown} is not a number that can be kept exactly; numbers go to 9007199254740991, and as text it stands in quotes`;
  problems.push({ code: 'BAD_VALUE', ...at, message });
  return { kind: 'hole', at };
}

/** Places of the `${{` of a value: those of the file, as no style of scalar changes these letters. */
function marksOf(
  node: YamlScalar,
  value: string,
  at: Place,
  source: string,
  place: (offset: number) => Place,
): readonly Place[] {
  const count = offsetsOf(value).length;
  if (count === 0 || !node.range) return [];
  const [start, end] = node.range;
  const written = offsetsOf(source.slice(start, end));
  return written.length === count
    ? written.map((offset) => place(start + offset))
    : Array.from({ length: count }, () => at);
}

function offsetsOf(text: string): readonly number[] {
  return [...text.matchAll(/\$\{\{/g)].map((match) => match.index);
}
