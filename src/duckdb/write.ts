/** Writes tables so that the same rows are the same bytes: one order, one row-group size, one compression. */

import { explainUnkept, keepingOf } from './kept/kept-table.ts';
import { quoteName, quoteText } from './quoting.ts';
import { inTotalOrder, isCut, isOrdered, skipsRows } from './total-order.ts';

import type { Analysis } from './analyse.ts';
import type { Session } from './session-port.ts';
import type { Scalar } from '../model/plan.ts';
import type { Column } from '../model/column.ts';

/** No step can have this name. */
const KEPT = '_result';

/** A table as a file, ready to be an output of a step. */
export type WrittenTable = {
  readonly path: string;
  readonly format: 'parquet';
  readonly rows: number;
  readonly columns: readonly Column[];
  /** Some columns are of types that Parquet does not have; the file tells which. */
  readonly restores?: true;
};

/** How the rows of a table are put in order. */
export type Order = 'as it is' | 'by all columns';

/**
 * Writes the result of a user's query as Parquet and describes it. The order is the query's own, with ties broken by
 * all columns, else that of all columns; `ordered: false` gives it up, and equal bytes with it.
 */
export async function writeQuery(
  session: Session,
  { query, binds }: { readonly query: Analysis; readonly binds: Readonly<Record<string, Scalar>> },
  path: string,
  { ordered }: { readonly ordered: boolean },
): Promise<WrittenTable> {
  const { text, tree } = query;
  const columns = await session.describe({ text, binds });
  const { list, as, restores } = keepingOf(columns);
  const copied = async (sql: string, sorted: boolean): Promise<WrittenTable> => {
    const target = { path, as, sorted, list };
    const rows = await session.copy({ text: sql, binds }, target).catch(rethrown);
    return { path, format: 'parquet', rows, columns, ...(restores ? { restores } : {}) };
  };
  if (!ordered) return copied(text, false);
  const isSimple = !isOrdered(tree) && !isCut(tree);
  if (isSimple) return copied(text, true);
  const whole = await inTotalOrder(session, { text, tree }, columns.length);
  if (whole !== undefined && !skipsRows(tree)) return copied(whole, false);
  await session.keep(KEPT, { text: whole ?? text, binds });
  const order = isOrdered(tree) ? 'as it is' : 'by all columns';
  const written = await writeTable(session, KEPT, path, order);
  await session.run(`drop table ${KEPT}`);
  return written;
}

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
  }[order]();
  const { list, as, restores } = keepingOf(columns);
  const whole = restores ? `select ${list} from (${query})` : query;
  const rows = await session.run(`copy (${whole}) to ${quoteText(path)} ${as}`).catch(rethrown);
  return { path, format: 'parquet', rows, columns, ...(restores ? { restores } : {}) };
}

function rethrown(error: unknown): never {
  throw explainUnkept(error);
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

/** Writes what a view of this session reads, in the order in which it reads it. */
export async function writeInOrder(
  session: Session,
  view: string,
  path: string,
): Promise<WrittenTable> {
  const columns = await session.columns(view);
  const { list, as, restores } = keepingOf(columns);
  const rows = await session
    .run(`copy (select ${list} from ${view}) to ${quoteText(path)} ${as}`)
    .catch(rethrown);
  return { path, format: 'parquet', rows, columns, ...(restores ? { restores } : {}) };
}
