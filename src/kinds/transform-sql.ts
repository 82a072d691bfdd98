/** `transform.sql`: one or several queries over the tables of needed steps, each written as Parquet in a fixed order. */

import { join } from 'node:path';

import { z } from 'zod';

import { MAIN_OUTPUT } from '../model/plan.ts';
import { MAX_OUTPUTS } from '../model/step-result.ts';
import { analyse } from '../duckdb/analyse.ts';
import { rowsOfInputs, showInputs, visibleTables } from '../duckdb/inputs.ts';
import { ENGINE_VERSION, withSession } from '../duckdb/session.ts';
import { writeTable } from '../duckdb/write.ts';
import { sqlText } from './option-types.ts';
import { defineStep } from './contract.ts';
import { StepError } from '../model/step-error.ts';

import type { Session } from '../duckdb/session.ts';
import type { StepContext, StepOutput } from './contract.ts';
import type { Sql } from '../model/attempt-inputs.ts';

type Options = {
  readonly sql?: Sql;
  readonly outputs?: Readonly<Record<string, Sql>>;
  readonly ordered: boolean;
};

const schema = z
  .strictObject({
    sql: sqlText().optional().describe('The query; its result is the output `table`.'),
    outputs: z
      .record(z.string().regex(/^[a-z][a-z0-9_]{0,62}$/), sqlText())
      .optional()
      .describe('Several results of one step: output name to query.'),
    ordered: z
      .boolean()
      .default(true)
      .describe(
        'Keep the order of the query, else order by all columns. False gives up equal bytes.',
      ),
  })
  .refine((o) => (o.sql === undefined) !== (o.outputs === undefined), {
    error: 'give exactly one of `sql` and `outputs`',
  })
  .refine((o) => Object.keys(o.outputs ?? { table: 1 }).length <= MAX_OUTPUTS, {
    error: `at most ${MAX_OUTPUTS} outputs are allowed`,
  });

export const transformSql = defineStep<Options>({
  kind: 'transform.sql',
  version: `2 ${ENGINE_VERSION}`,
  summary: 'Queries over the tables of needed steps; results are Parquet.',
  schema,
  roles: { sql: ['sql', 'outputs.*'] },
  outputs: (options) => Object.keys(queriesOf(options)),
  values: () => ['rows'],
  shapes: ({ outputs }, { query }) =>
    outputs === undefined
      ? { [MAIN_OUTPUT]: query('sql') }
      : Object.fromEntries(Object.keys(outputs).map((name) => [name, query(`outputs.${name}`)])),
  run: async (options, ctx) =>
    withSession(ctx, async (session) => {
      await showInputs(session, ctx.inputs);
      const outputs: Record<string, StepOutput & { rows: number }> = {};
      for (const [name, sql] of Object.entries(queriesOf(options))) {
        outputs[name] = await result(session, name, sql, options.ordered, ctx);
      }
      const main = outputs[MAIN_OUTPUT] ?? Object.values(outputs)[0];
      const out = main?.rows ?? 0;
      return { outputs, values: { rows: out }, rows: { in: rowsOfInputs(ctx.inputs), out } };
    }),
});

function queriesOf(options: Options): Readonly<Record<string, Sql>> {
  return options.outputs ?? (options.sql === undefined ? {} : { [MAIN_OUTPUT]: options.sql });
}

async function result(
  session: Session,
  name: string,
  sql: Sql,
  ordered: boolean,
  ctx: StepContext,
): Promise<StepOutput & { rows: number }> {
  const text = sql.text.trim().replace(/;+\s*$/, '');
  const analysis = await analyse(session, text);
  const visible = visibleTables(ctx.inputs);
  const unknown = analysis.tables.find(
    (table) => !visible.some((seen) => seen.toLowerCase() === table.toLowerCase()),
  );
  if (unknown !== undefined) {
    throw new StepError(
      'SQL_ERROR',
      `there is no table '${unknown}'; visible here: ${visible.join(', ') || 'none (add the step to needs)'}`,
    );
  }
  for (const aggregate of analysis.fragile) {
    ctx.log(
      `note: ${aggregate}() without an ORDER BY inside may differ from run to run; write ${aggregate}(x order by key)`,
    );
  }
  const path = join(ctx.folder, `${name}.parquet`);
  const table = `result_${name}`;
  await session.keep(table, { text, binds: sql.binds });
  const order = !ordered ? 'none' : analysis.ordered ? 'as it is' : 'by all columns';
  const written = await writeTable(session, table, path, order);
  await session.run(`drop table ${table}`);
  ctx.log(`${name}: ${written.rows} rows, ${written.columns.length} columns`);
  return written;
}
