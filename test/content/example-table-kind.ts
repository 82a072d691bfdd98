/** `transform.top`: the rows of a table with the greatest values of a column. */

import { join } from 'node:path';

import { z } from 'zod';

import { knownColumn } from '../../src/duckdb/columns.ts';
import { showInputs, tableSql } from '../../src/duckdb/inputs.ts';
import { ENGINE_VERSION, quoteName, withSession } from '../../src/duckdb/session.ts';
import { writeTable } from '../../src/duckdb/write.ts';
import { tableName } from '../../src/kinds/option-types.ts';
import { defineStep } from '../../src/kinds/contract.ts';

type Options = { readonly table: string; readonly by: string; readonly rows: number };

export const transformTop = defineStep<Options>({
  kind: 'transform.top',
  version: `1 ${ENGINE_VERSION}`,
  summary: 'Keeps the rows with the greatest values of a column.',
  schema: z.strictObject({
    table: tableName().describe('The table: step or step.output.'),
    by: z.string().describe('The column to compare.'),
    rows: z.number().int().min(1).describe('How many rows to keep.'),
  }),
  roles: { tables: ['table'] },
  outputs: () => ['table'],
  run: ({ table, by, rows }, ctx) =>
    withSession(ctx, async (session) => {
      await showInputs(session, ctx.inputs);
      const source = tableSql(table, ctx.inputs);
      const column = quoteName(knownColumn(by, await session.columns(source), 'by').name);
      const total = await session.count(`select count(*) from ${source}`);
      // Ties are broken by the whole row, so that the same rows are kept whatever the threads do.
      await session.run(
        `create temp table top as from ${source} order by ${column} desc, columns(*) limit ${rows}`,
      );
      const top = await writeTable(session, 'top', join(ctx.folder, 'top.parquet'), 'as it is');
      ctx.log(`kept ${top.rows} of ${total} rows`);
      return {
        outputs: { table: top },
        values: { rows: top.rows },
        rows: { in: total, out: top.rows },
      };
    }),
});
