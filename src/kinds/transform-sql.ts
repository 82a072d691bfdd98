/** `transform.sql`: one or several queries over the tables of needed steps, each written as Parquet in a fixed order. */

import { join } from 'node:path';

import { z } from 'zod';

import { MAIN_OUTPUT } from '../model/plan.ts';
import { MAX_OUTPUTS } from '../model/step-result.ts';
import { rowsOfInputs } from '../duckdb/inputs.ts';
import { withoutPlace } from '../duckdb/query-error.ts';
import { repeatable } from '../duckdb/repeat/repeatable.ts';
import { ENGINE_VERSION, withSession } from '../duckdb/session.ts';
import { admit } from '../duckdb/user-query.ts';
import { writeQuery } from '../duckdb/write.ts';
import { sqlText } from './option-types.ts';
import { defineStep } from './contract.ts';

import type { Analysis } from '../duckdb/analyse.ts';
import type { Session } from '../duckdb/session-port.ts';
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
        'Keep the order of the query, ties broken by all columns, else order by all columns. False gives up equal bytes.',
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
  version: `5 ${ENGINE_VERSION}`,
  summary: 'Queries over the tables of needed steps; results are Parquet.',
  schema,
  roles: { sql: ['sql', 'outputs.*'] },
  outputs: (options) => Object.keys(queriesOf(options)),
  values: () => ['rows'],
  columns: ({ outputs }, { query }) =>
    outputs === undefined
      ? { [MAIN_OUTPUT]: query('sql') }
      : Object.fromEntries(Object.keys(outputs).map((name) => [name, query(`outputs.${name}`)])),
  run: async (options, ctx) =>
    withSession(ctx, async (session) => {
      const admitted: [name: string, query: Analysis, sql: Sql][] = [];
      // All before the first runs: one of them may be what this session cannot do.
      for (const [name, sql] of Object.entries(queriesOf(options))) {
        admitted.push([
          name,
          await admit(session, sql.text, ctx.inputs, { needs: ctx.needs ?? [] }),
          sql,
        ]);
      }
      const outputs: Record<string, StepOutput & { rows: number }> = {};
      const open: string[] = [];
      for (const [name, query, sql] of admitted) {
        const { made, found } = await result(session, { name, query, sql }, options, ctx);
        outputs[name] = made;
        open.push(...found);
      }
      const main = outputs[MAIN_OUTPUT] ?? Object.values(outputs)[0];
      const out = main?.rows ?? 0;
      return {
        outputs,
        values: { rows: out },
        rows: { in: rowsOfInputs(ctx.inputs), out },
        ...(open.length === 0 ? {} : { warning: warningOf(open) }),
      };
    }),
});

function queriesOf(options: Options): Readonly<Record<string, Sql>> {
  return options.outputs ?? (options.sql === undefined ? {} : { [MAIN_OUTPUT]: options.sql });
}

async function result(
  session: Session,
  { name, query, sql }: { name: string; query: Analysis; sql: Sql },
  options: Options,
  ctx: StepContext,
): Promise<{ made: StepOutput & { rows: number }; found: readonly string[] }> {
  const { ordered } = options;
  const whole = ordered ? await repeatable(session, query, sql) : { query, notes: [], open: [] };
  for (const note of whole.notes) ctx.log(`note: ${note}`);
  const path = join(ctx.folder, `${name}.parquet`);
  const made = await writeQuery(session, { query: whole.query, binds: sql.binds }, path, {
    ordered,
  }).catch((error: unknown) => {
    throw whole.query === query ? error : withoutPlace(error);
  });
  ctx.log(`${name}: ${made.rows} rows, ${made.columns.length} columns`);
  const where = options.outputs === undefined ? '' : `${name}: `;
  return { made, found: whole.open.map((place) => `${where}${place}`) };
}

function warningOf(open: readonly string[]): string {
  return `the result may differ from run to run: ${open.join('; ')}. Order by a key that is unique, or say \`ordered: false\``;
}
