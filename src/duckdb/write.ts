/** Writes tables so that the same rows are the same bytes: one order, one row-group size, one compression. */

import { quoteName, quoteText } from './session.ts';

import type { Session } from './session.ts';
import type { Column } from '../model/column.ts';

export const PARQUET = '(format parquet, compression zstd, row_group_size 122880)';

/** A table as a file, ready to be an output of a step. */
export type WrittenTable = {
  readonly path: string;
  readonly format: 'parquet';
  readonly rows: number;
  readonly columns: readonly Column[];
};

/** How the rows of a result are put in order. */
export type Order = 'as it is' | 'by all columns' | 'none';

/** Writes a table of this session as Parquet and describes it. `table` is SQL; `order` as said in Order. */
export async function writeTable(
  session: Session,
  table: string,
  path: string,
  order: Order,
): Promise<WrittenTable> {
  const columns = await session.columns(table);
  const query = {
    'as it is': () => asItIs(table, columns),
    'by all columns': () => `select * from ${table} order by all`,
    none: () => `select * from ${table}`,
  }[order]();
  const rows = await session.run(`copy (${query}) to ${quoteText(path)} ${PARQUET}`);
  return { path, format: 'parquet', rows, columns };
}

/**
 * A query of a table's rows in the order in which they were put in. `rowid` is that order, unless the data has a
 * column of this name, which hides it: then the rows are numbered by a window, which the engine makes in one thread.
 */
export function asItIs(table: string, columns: readonly Column[]): string {
  const taken = new Set(columns.map(({ name }) => name.toLowerCase()));
  if (!taken.has('rowid')) return `select * from ${table} order by rowid`;
  let place = 'place';
  while (taken.has(place)) place += '_';
  const name = quoteName(place);
  return `select * exclude (${name}) from (select *, row_number() over () as ${name} from ${table}) order by ${name}`;
}
