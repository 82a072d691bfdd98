/** The types of columns whose values come from where files lie, by the rules for texts that stand in files. */

import { quoteText } from '../session.ts';
import { declaredCast } from './exact-cast.ts';
import { factsOf, factsQuery, guessFrom } from './infer.ts';

import type { Session } from '../session-port.ts';
import type { Wish } from './declared.ts';
import type { Guess } from './infer.ts';
import type { Reading } from './reading.ts';
import type { FileColumn } from './table-sql.ts';

/** Each with its type; `wishOf`: what is declared of the one at a place. */
export async function typedFileColumns(
  session: Session,
  columns: readonly FileColumn[],
  { notation, infer }: Reading,
  wishOf: (i: number) => Wish | undefined,
): Promise<readonly (FileColumn & Guess & { readonly asked: string })[]> {
  const guesses = await guessed(session, columns, notation);
  return columns.map((column, i) => {
    const wish = wishOf(i);
    if (wish !== undefined) {
      return { ...column, ...wish, cast: (text) => declaredCast(wish, text, notation) };
    }
    const { type, cast } = infer && !column.isText ? guesses[i]! : TEXT;
    return { ...column, type, cast, asked: type };
  });
}

const TEXT: Guess = {
  type: 'VARCHAR',
  cast: (text) => ({ value: text, quick: undefined, holds: 'true' }),
};

async function guessed(
  session: Session,
  columns: readonly FileColumn[],
  notation: Reading['notation'],
): Promise<readonly Guess[]> {
  const guesses: Guess[] = [];
  for (const { values } of columns) {
    const texts = values.map((value) => (value === null ? 'null' : quoteText(value)));
    const source = `(select unnest([${texts.join(', ')}]::varchar[]) as v)`;
    const [row = {}] = await session.rows(factsQuery([{ name: 'v', kinds: 0 }], source, notation));
    guesses.push(guessFrom(factsOf(row, 0), notation, 0));
  }
  return guesses;
}
