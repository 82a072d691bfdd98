/** `transform.head`: the first rows of a table, in its own order. */

import { join } from 'node:path';

import { z } from 'zod';

import { showInputs, tableSql } from '../../src/activities/duckdb/inputs.ts';
import { ENGINE_VERSION, withSession } from '../../src/activities/duckdb/session.ts';
import { writeTable } from '../../src/activities/duckdb/write.ts';
import { tableName } from '../../src/activities/option-types.ts';
import { defineStep } from '../../src/activities/step.ts';

type Options = { readonly table: string; readonly rows: number };

export const transformHead = defineStep<Options>({
  kind: 'transform.head',
  version: `1 ${ENGINE_VERSION}`,
  summary: 'Keeps the first rows of a table.',
  schema: z.strictObject({
    table: tableName().describe('The table: step or step.output.'),
    rows: z.number().int().min(1).describe('How many rows to keep.'),
  }),
  roles: { tables: ['table'] },
  outputs: () => ['table'],
  run: ({ table, rows }, ctx) =>
    withSession(ctx, async (session) => {
      await showInputs(session, ctx.inputs);
      const source = tableSql(table, ctx.inputs);
      const total = await session.count(`select count(*) from ${source}`);
      await session.run(`create temp table head as from ${source} limit ${rows}`);
      const head = await writeTable(session, 'head', join(ctx.folder, 'head.parquet'), 'as it is');
      ctx.log(`kept ${head.rows} of ${total} rows`);
      return {
        outputs: { table: head },
        values: { rows: head.rows },
        rows: { in: total, out: head.rows },
      };
    }),
});
