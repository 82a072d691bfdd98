/** `check.table`: rules a table must keep. All are tried; a broken one of severity fail ends the step, of severity warn marks it. */

import { join } from 'node:path';

import { z } from 'zod';

import { showInputs, tableSql } from '../duckdb/inputs.ts';
import { ENGINE_VERSION, withSession } from '../duckdb/session.ts';
import { writeTable } from '../duckdb/write.ts';
import { tableName } from './option-types.ts';
import { defineStep } from './contract.ts';
import { admitted } from './check/admitted.ts';
import { conditionVerdicts } from './check/conditions.ts';
import { judge } from './check/judge.ts';
import { countRejected, keepRejected, openRejected, REJECTED } from './check/rejected.ts';
import { namesOfRules, newestNames } from './check/rule.ts';
import { ruleSchema } from './check/rule-schema.ts';
import { tableTroubles } from './check/schema-troubles.ts';
import { togetherTroubles } from './check/together.ts';
import { messageOf, namesOf, warningOf } from './check/words.ts';
import { StepError } from '../model/step-error.ts';

import type { Session } from '../duckdb/session-port.ts';
import type { Scalar } from '../model/plan.ts';
import type { StepContext } from './contract.ts';
import type { Verdict } from './check/judge.ts';
import type { Rule } from './check/rule.ts';

type Options = {
  readonly table: string;
  readonly checks: readonly Rule[];
  readonly keep_rejected: number;
};

const schema = z
  .strictObject({
    table: tableName().describe('The table to check: step or step.output.'),
    checks: z.array(ruleSchema).min(1),
    keep_rejected: z
      .number()
      .int()
      .min(0)
      .max(1_000_000)
      .default(100)
      .describe('Offending rows kept for each rule.'),
  })
  .superRefine((options, ctx) => {
    for (const { path, message } of togetherTroubles(options.table, options.checks as never)) {
      ctx.addIssue({ code: 'custom', path: [...path], message });
    }
  });

export const checkTable = defineStep<Options>({
  kind: 'check.table',
  version: `5 ${ENGINE_VERSION}`,
  summary: 'Data-quality rules on a table; broken ones warn or fail, offending rows are kept.',
  schema,
  roles: {
    tables: ['table', 'checks.*.relationships.to', 'checks.*.same_as.table'],
    sql: ['checks.*.sql', 'checks.*.expression', 'checks.*.where'],
    types: ['checks.*.columns.exact.*', 'checks.*.columns.at_least.*'],
    conditions: { 'checks.*.expression': 'table', 'checks.*.where': 'table' },
  },
  outputs: () => ['rejected'],
  columns: () => ({
    rejected: {
      isAll: true,
      columns: [
        { name: 'rule', type: 'VARCHAR' },
        { name: 'offending_row', type: 'VARCHAR' },
      ],
    },
  }),
  values: ({ checks }) => ['rows', 'failed', ...newestNames(checks).values()],
  checkOptions: ({ table, checks }, tables) => tableTroubles(table, checks, tables),
  run: async (options, ctx) =>
    withSession(ctx, async (session) => {
      await showInputs(session, ctx.inputs, tablesOf(options));
      const table = tableSql(options.table, ctx.inputs);
      const checked = {
        name: options.table,
        table,
        columns: await session.columns(table),
        inputs: ctx.inputs,
        keep: options.keep_rejected,
      };
      const rows = await session.count(`select count(*) from ${table}`);
      const newestIn = newestNames(options.checks);
      const values: Record<string, Scalar> = { rows };
      const broken: Verdict[] = [];
      const open: string[] = [];
      let isAnyNoted = false;
      await openRejected(session);
      for (const { rule, name, written, may } of await rulesOf(session, options, ctx)) {
        open.push(...may);
        const verdict = await judge(session, { rule, name }, checked);
        ctx.log(
          `${verdict.name}: ${verdict.holds && verdict.words !== 'holds' ? 'holds; ' : ''}${verdict.words}`,
        );
        if (!verdict.holds) broken.push(verdict);
        isAnyNoted ||= verdict.examples.length > 0;
        const newest = newestIn.get(written);
        if (newest !== undefined) values[newest] = verdict.newest ?? null;
      }
      const rejected = isAnyNoted ? await countRejected(session) : 0;
      const kept = broken.length === 0 ? undefined : await keepRejected(session, ctx);
      if (broken.some(({ rule }) => rule.severity === 'fail')) {
        const all = [...broken, ...conditionVerdicts(options, values, ctx, Date.now())];
        throw new StepError('CHECK_FAILED', messageOf(options, all, kept), {
          ...namesOf(all),
          rowsRejected: rejected,
        });
      }
      const path = join(ctx.folder, 'rejected.parquet');
      return {
        outputs: { rejected: await writeTable(session, REJECTED, path, 'by all columns') },
        values: { ...values, failed: broken.length },
        rows: { in: rows, rejected },
        ...warningOf(broken, open),
        ...(broken.length === 0 ? {} : namesOf(broken)),
        // Of this run: one that takes the result over has no such file.
        ...(kept === undefined ? {} : { saidNow: `offending rows: ${kept}` }),
      };
    }),
  conditions: async (options, { values }, ctx) => {
    const broken = conditionVerdicts(options, values, ctx, Date.now());
    if (broken.some(({ rule }) => rule.severity === 'fail')) {
      throw new StepError('CHECK_FAILED', messageOf(options, broken, undefined), namesOf(broken));
    }
    return broken.length === 0 ? undefined : { ...warningOf(broken, []), ...namesOf(broken) };
  },
});

/** Those that rules of ours read; SQL of the user's shows its own. */
function tablesOf({ table, checks }: Options): readonly string[] {
  const others = checks.flatMap((rule) => rule.relationships?.to ?? rule.same_as?.table ?? []);
  return [table, ...others];
}

type Named = { readonly rule: Rule; readonly name: string; readonly written: Rule };

/** The rules with their names, ready to be tried. */
async function rulesOf(
  session: Session,
  { table: name, checks }: Options,
  { inputs }: Pick<StepContext, 'inputs'>,
): Promise<readonly (Named & { readonly may: readonly string[] })[]> {
  const table = tableSql(name, inputs);
  const rules = [];
  for (const [written, called] of namesOfRules(checks)) {
    const about = { what: `check ${called}`, inputs, table };
    const { rule, open } = await admitted(session, written, about);
    rules.push({ rule, name: called, written, may: open });
  }
  return rules;
}
