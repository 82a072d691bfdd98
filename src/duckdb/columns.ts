/** Columns that options name, looked up as SQL does: without regard to case. */

import { StepError } from '../model/step-error.ts';

import type { Column } from '../model/column.ts';

/** The column of this name. `what` tells where it was named, such as `check unique(id)`. @throws StepError BAD_OPTION */
export function knownColumn(name: string, columns: readonly Column[], what: string): Column {
  const found = columns.find((column) => column.name.toLowerCase() === name.toLowerCase());
  if (found !== undefined) return found;
  throw new StepError(
    'BAD_OPTION',
    `${what}: there is no column '${name}'; the table has ${columns.map((c) => c.name).join(', ')}`,
  );
}
