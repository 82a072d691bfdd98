/** `same_as` by rows: the query of what one table has more often than another. */

import { quoteName, quoteText } from '../../duckdb/session.ts';
import { knownColumn } from '../../duckdb/columns.ts';
import { pairOf } from './pair.ts';

import type { Column } from '../../model/column.ts';
import type { Question } from './question.ts';

/** A table to compare: what it is called, SQL of its rows, its columns. */
export type Compared = {
  readonly name: string;
  readonly from: string;
  readonly columns: readonly Column[];
};

/**
 * Each row that one of them has more often is a row of the result, with the column `only_in` before it. Columns are
 * found by name; `only` are those to compare. @throws StepError BAD_OPTION
 */
export function sameRows(
  left: Compared,
  right: Compared,
  only: readonly string[] | undefined,
  what: string,
): Question {
  const names = only ?? left.columns.map(({ name }) => name);
  const missing = only === undefined ? [...lacks(left, right), ...lacks(right, left)] : [];
  if (missing.length > 0)
    return { unlike: `they have not the same columns: ${missing.join('; ')}` };
  const pairs = names.map((name) => {
    const a = knownColumn(name, left.columns, `${what}: ${left.name}`);
    const b = knownColumn(name, right.columns, `${what}: ${right.name}`);
    const named = (table: string, { name: column, type }: Column) => ({
      name: `${table}.${column}`,
      type,
    });
    return { a, b, pair: pairOf(named(left.name, a), named(right.name, b)) };
  });
  for (const { pair } of pairs) if ('unlike' in pair) return pair;
  const side = (which: 'left' | 'right'): string => {
    const parts = pairs.flatMap(({ a, b, pair }, i) => {
      if ('unlike' in pair) return [];
      const column = quoteName(which === 'left' ? a.name : b.name);
      return [
        `${column} as c${i}`,
        `${pair[which](column)} as k${i}`,
        // A value without a key is no null.
        `${column} is null as n${i}`,
      ];
    });
    const { from } = which === 'left' ? left : right;
    return `(select ${parts.join(', ')}, count(*) as times from ${from} group by all)`;
  };
  const joined = pairs
    .map((_, i) => `l.k${i} is not distinct from r.k${i} and l.n${i} = r.n${i}`)
    .join(' and ');
  const more = 'coalesce(l.times, 0) - coalesce(r.times, 0)';
  const values = pairs.map(({ a, b }, i) => {
    const [one, two] = [`l.c${i}`, `r.c${i}`].map((c) =>
      a.type === b.type ? c : `cast(${c} as varchar)`,
    );
    return `coalesce(${one}, ${two}) as v${i}`;
  });
  const where = `case when ${more} > 0 then ${quoteText(left.name)} else ${quoteText(right.name)} end`;
  const different = `select ${where} as side, abs(${more}) as more, ${values.join(', ')} from ${side('left')} as l full join ${side('right')} as r on ${joined} where ${more} <> 0`;
  const shown = pairs.map(({ a }, i) => `d.v${i} as ${quoteName(a.name)}`);
  return {
    query: `select d.side as ${quoteName(freeName(pairs.map(({ a }) => a.name)))}, ${shown.join(', ')} from (${different}) as d, unnest(range(d.more)) as u(copy)`,
    expected: `the rows of ${right.name}`,
  };
}

/** A name that no column has. */
function freeName(taken: readonly string[]): string {
  const known = new Set(taken.map((name) => name.toLowerCase()));
  let name = 'only_in';
  while (known.has(name)) name += '_';
  return name;
}

function lacks(has: Compared, other: Compared): readonly string[] {
  const known = new Set(other.columns.map(({ name }) => name.toLowerCase()));
  const missing = has.columns.filter(({ name }) => !known.has(name.toLowerCase()));
  return missing.length === 0
    ? []
    : [`only ${has.name} has ${missing.map(({ name }) => name).join(', ')}`];
}
