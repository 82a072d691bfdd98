/** `check.table`: rules a table must keep. All are tried; a broken one of severity fail ends the step, of severity warn marks it. */

import { join } from 'node:path';

import { z } from 'zod';

import { artifactOf, showInputs, tableSql } from '../duckdb/inputs.ts';
import { ENGINE_VERSION, quoteText, withSession } from '../duckdb/session.ts';
import { admit } from '../duckdb/user-query.ts';
import { writeTable } from '../duckdb/write.ts';
import { tableName } from './option-types.ts';
import { defineStep } from './contract.ts';
import { nameOf, offendersOf, rowCountTrouble, ruleSchema } from './check-rules.ts';
import { StepError } from '../model/step-error.ts';

import type { Column } from '../model/column.ts';
import type { Session } from '../duckdb/session.ts';
import type { StepContext } from './contract.ts';
import type { Rule } from './check-rules.ts';

type Options = {
  readonly table: string;
  readonly checks: readonly Rule[];
  readonly keep_rejected: number;
};

/** One broken rule: how many rows break it, and what to show of them. */
type Broken = {
  readonly rule: Rule;
  readonly name: string;
  readonly rows: number;
  readonly words: string;
  readonly examples: readonly string[];
};

const SHOWN_ROWS = 3;
const SHOWN_WIDTH = 200;

const schema = z.strictObject({
  table: tableName().describe('The table to check: step or step.output.'),
  checks: z.array(ruleSchema).min(1),
  keep_rejected: z
    .number()
    .int()
    .min(0)
    .max(1_000_000)
    .default(100)
    .describe('Offending rows kept for each rule.'),
});

export const checkTable = defineStep<Options>({
  kind: 'check.table',
  version: `2 ${ENGINE_VERSION}`,
  summary: 'Data-quality rules on a table; broken ones warn or fail, offending rows are kept.',
  schema,
  roles: { tables: ['table', 'checks.*.relationships.to'], sql: ['checks.*.sql'] },
  outputs: () => ['rejected'],
  run: async (options, ctx) =>
    withSession(ctx, async (session) => {
      await showInputs(session, ctx.inputs, tablesOf(options));
      const table = tableSql(options.table, ctx.inputs);
      const queries = await queriesOf(session, options, ctx);
      const columns = await session.columns(table);
      const rows = await session.count(`select count(*) from ${table}`);
      await session.run('create temp table _rejected (rule varchar, offending_row varchar)');
      const broken: Broken[] = [];
      for (const rule of options.checks) {
        const found = await tryRule(session, rule, { options, table, columns, queries, rows, ctx });
        ctx.log(`${nameOf(rule)}: ${found === undefined ? 'holds' : found.words}`);
        if (found !== undefined) broken.push(found);
      }
      const rejected = await session.count('select count(*) from _rejected');
      const failed = broken.filter((b) => b.rule.severity === 'fail');
      if (failed.length > 0) {
        const kept = await keepRejected(session, ctx, rejected);
        throw new StepError('CHECK_FAILED', messageOf(options, failed, kept), namesOf(broken));
      }
      const written = await writeTable(
        session,
        '_rejected',
        join(ctx.folder, 'rejected.parquet'),
        'by all columns',
      );
      return {
        outputs: { rejected: written },
        values: { rows, failed: broken.length },
        rows: { in: rows, rejected: broken.reduce((sum, b) => sum + b.rows, 0) },
        ...(broken.length === 0 ? {} : { warning: warningOf(broken), ...namesOf(broken) }),
      };
    }),
  onHit: async (options, hit, ctx) => {
    const rows = Number(hit.values['rows'] ?? 0);
    const broken = options.checks.flatMap((rule) => {
      if (rule.row_count?.max_drop === undefined) return [];
      const words = rowCountTrouble(rule, rows, ctx.previousRows[options.table]);
      return words === undefined
        ? []
        : [{ rule, name: nameOf(rule), rows: 0, words, examples: [] }];
    });
    const failed = broken.filter((b) => b.rule.severity === 'fail');
    if (failed.length > 0) {
      throw new StepError('CHECK_FAILED', messageOf(options, failed, undefined), namesOf(broken));
    }
    return broken.length === 0 ? undefined : { warning: warningOf(broken), ...namesOf(broken) };
  },
});

/** Those that rules of ours read; a query of the user's shows its own. */
function tablesOf({ table, checks }: Options): readonly string[] {
  return [table, ...checks.flatMap(({ relationships }) => relationships?.to ?? [])];
}

/** The user's own queries, looked at before any rule is tried: one of them may be what this session cannot do. */
async function queriesOf(
  session: Session,
  { checks }: Options,
  { inputs }: StepContext,
): Promise<ReadonlyMap<Rule, string>> {
  const queries = new Map<Rule, string>();
  for (const rule of checks) {
    if (rule.sql === undefined) continue;
    const { text } = await admit(session, rule.sql.text, inputs, { catalog: true });
    queries.set(rule, text);
  }
  return queries;
}

function namesOf(broken: readonly Broken[]): { readonly failedChecks: readonly string[] } {
  return { failedChecks: broken.map((b) => b.name) };
}

async function tryRule(
  session: Session,
  rule: Rule,
  about: {
    readonly options: Options;
    readonly table: string;
    readonly columns: readonly Column[];
    readonly queries: ReadonlyMap<Rule, string>;
    readonly rows: number;
    readonly ctx: StepContext;
  },
): Promise<Broken | undefined> {
  const { options, table, ctx } = about;
  const name = nameOf(rule);
  if (rule.row_count !== undefined) {
    const words = rowCountTrouble(rule, about.rows, ctx.previousRows[options.table]);
    return words === undefined ? undefined : { rule, name, rows: 0, words, examples: [] };
  }
  const offenders = offendersOf(rule, table, about.columns, ctx.inputs);
  if (offenders === undefined) return undefined;
  const text = about.queries.get(rule) ?? offenders.text;
  const rows = await session.keep('_offenders', { text, binds: offenders.binds });
  if (rows === 0) return undefined;
  const shown = await session.rows(
    `select cast(to_json(o) as varchar) as j from _offenders as o order by all limit ${SHOWN_ROWS}`,
  );
  await session.run({
    text: `insert into _rejected select $name, cast(to_json(o) as varchar) as j from _offenders as o order by j limit ${options.keep_rejected}`,
    binds: { name },
  });
  const total = artifactOf(options.table, ctx.inputs)?.rows ?? about.rows;
  return {
    rule,
    name,
    rows,
    words: `${rows} of ${total} rows break it`,
    examples: shown.map((row) => shorten(String(row['j']))),
  };
}

async function keepRejected(
  session: Session,
  ctx: StepContext,
  rejected: number,
): Promise<string | undefined> {
  if (rejected === 0) return undefined;
  const path = join(ctx.folder, 'rejected.jsonl');
  await session.run(
    `copy (select rule, cast(offending_row as json) as offending_row from _rejected order by rule, offending_row) to ${quoteText(path)} (format json, array false)`,
  );
  return ctx.keepFile(path, 'rejected.jsonl');
}

function messageOf(options: Options, failed: readonly Broken[], kept: string | undefined): string {
  const many = failed.length === 1 ? '1 check' : `${failed.length} checks`;
  return [
    `${many} of ${options.checks.length} failed on ${options.table}`,
    ...failed.flatMap((b) => [`${b.name}: ${b.words}`, ...b.examples.map((row) => `  ${row}`)]),
    ...(kept === undefined ? [] : [`offending rows: ${kept}`]),
  ].join('\n');
}

function warningOf(broken: readonly Broken[]): string {
  return broken
    .map((b) => `${b.name}: ${b.words}`)
    .join('; ')
    .slice(0, 500);
}

function shorten(text: string): string {
  return text.length > SHOWN_WIDTH ? `${text.slice(0, SHOWN_WIDTH - 3)}...` : text;
}
