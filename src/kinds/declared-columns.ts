/** What the options of everything that reads a table from outside say of its columns. Pure. */

import type { KnownTable } from '../model/known-table.ts';

type Declared = string | { readonly type: string; readonly optional?: boolean };

/** What a table has at least, or exactly where others are refused; undefined: nothing is declared. */
export function declaredColumns(
  options: {
    readonly columns?: Readonly<Record<string, Declared>>;
    readonly types?: Readonly<Record<string, Declared>>;
    readonly other_columns?: string;
  },
  filenameColumn?: string,
): KnownTable | undefined {
  const declared = Object.entries({ ...options.types, ...options.columns });
  if (declared.length === 0) return undefined;
  const columns = declared.flatMap(([name, each]): KnownTable['columns'] => {
    // A file may lack it: what reads it is told only when it runs.
    if (typeof each !== 'string' && each.optional === true) return [];
    return [{ name, type: typeof each === 'string' ? each : each.type }];
  });
  const named = filenameColumn === undefined ? [] : [{ name: filenameColumn, type: 'VARCHAR' }];
  const hasOptional = columns.length < declared.length;
  return {
    columns: [...columns, ...named],
    isAll: !hasOptional && options.other_columns === 'refuse',
  };
}
