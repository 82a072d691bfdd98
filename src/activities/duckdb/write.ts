/** Writes tables so that the same rows are the same bytes: one order, one row-group size, one compression. */

import { quoteText } from './session.ts';

import type { Column } from '../../store/store.ts';
import type { StepOutput } from '../step.ts';
import type { Session } from './session.ts';

export const PARQUET = '(format parquet, compression zstd, row_group_size 122880)';

/** How the rows of a result are put in order. */
export type Order = 'as it is' | 'by all columns' | 'none';

/** Writes a table of this session as Parquet and describes it. `table` is SQL; `order` as said in Order. */
export async function writeTable(
  session: Session,
  table: string,
  path: string,
  order: Order,
): Promise<StepOutput & { readonly rows: number; readonly columns: readonly Column[] }> {
  const columns = await session.columns(table);
  const by = { 'as it is': 'order by rowid', 'by all columns': 'order by all', none: '' }[order];
  const rows = await session.run(
    `copy (select * from ${table} ${by}) to ${quoteText(path)} ${PARQUET}`,
  );
  return { path, format: 'parquet', rows, columns };
}
