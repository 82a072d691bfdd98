/** Holds the inferred types of a table against those of the step's result before, for every kind that reads texts. */

import { judgeTypes } from '../duckdb/reader/changed-types.ts';

import type { Column } from '../model/column.ts';
import type { StepContext } from './contract.ts';
import type { TableOptions } from './reading-options.ts';

/** The warning to give, if any. @throws StepError BAD_INPUT_DATA where the options say so */
export async function changedTypes(
  { types, columns, types_changed: how }: Pick<TableOptions, 'types' | 'columns' | 'types_changed'>,
  output: string,
  now: readonly Column[],
  ctx: Pick<StepContext, 'previousColumns'>,
): Promise<string | undefined> {
  const before = await ctx.previousColumns?.(output);
  const declared = Object.keys({ ...types, ...columns });
  return judgeTypes(before, now, { declared, ...(how === undefined ? {} : { how }) });
}
