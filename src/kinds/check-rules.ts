/** The rules of `check.table`: what each is called, and the query of the rows that break it. */

import { z } from 'zod';

import { knownColumn } from '../duckdb/columns.ts';
import { tableSql } from '../duckdb/inputs.ts';
import { quoteName } from '../duckdb/session.ts';
import { runtime, sqlText, tableName } from './option-types.ts';

import type { Scalar } from '../model/plan.ts';
import type { Column } from '../model/column.ts';
import type { Sql, StepInputs } from '../model/attempt-inputs.ts';

export type Rule = {
  readonly name?: string;
  readonly severity: 'fail' | 'warn';
  readonly not_null?: readonly string[];
  readonly unique?: readonly string[];
  readonly accepted_values?: { readonly column: string; readonly values: readonly Scalar[] };
  readonly range?: { readonly column: string; readonly min?: Scalar; readonly max?: Scalar };
  readonly relationships?: { readonly column: string; readonly to: string; readonly field: string };
  readonly row_count?: { readonly min?: number; readonly max?: number; readonly max_drop?: number };
  readonly sql?: Sql;
};

export const RULES = [
  'not_null',
  'unique',
  'accepted_values',
  'range',
  'relationships',
  'row_count',
  'sql',
] as const;

const columns = z.array(z.string().min(1)).min(1);
const bound = runtime(z.union([z.number(), z.string()], { error: 'expected a number or a text' }));
const count = runtime(z.number().int().min(0));

/** One rule as written in a profile: a mapping with exactly one of RULES. */
export const ruleSchema = z
  .strictObject({
    name: z.string().min(1).max(80).optional().describe('Shown in messages and metrics.'),
    severity: z.enum(['fail', 'warn']).default('fail'),
    not_null: columns.optional(),
    unique: columns
      .optional()
      .describe('No two rows agree on all of these; rows with a null are left out.'),
    accepted_values: z
      .strictObject({
        column: z.string().min(1),
        values: z.array(z.union([z.string(), z.number(), z.boolean()])).min(1),
      })
      .optional(),
    range: z
      .strictObject({ column: z.string().min(1), min: bound.optional(), max: bound.optional() })
      .optional(),
    relationships: z
      .strictObject({ column: z.string().min(1), to: tableName(), field: z.string().min(1) })
      .optional()
      .describe('Every value of the column is one of the field of another table.'),
    row_count: z
      .strictObject({
        min: count.optional(),
        max: count.optional(),
        max_drop: runtime(z.number().min(0).max(1))
          .optional()
          .describe('Largest loss against the previous delivery, 0.2 = 20 %.'),
      })
      .optional(),
    sql: sqlText().optional().describe('A query of the rows that break the rule.'),
  })
  .refine((rule) => RULES.filter((name) => rule[name] !== undefined).length === 1, {
    error: `give exactly one of ${RULES.join(', ')}`,
  });

/** What a rule is called where it has no name of its own. */
export function nameOf(rule: Rule): string {
  if (rule.name !== undefined) return rule.name;
  if (rule.not_null !== undefined) return `not_null(${rule.not_null.join(', ')})`;
  if (rule.unique !== undefined) return `unique(${rule.unique.join(', ')})`;
  if (rule.accepted_values !== undefined) return `accepted_values(${rule.accepted_values.column})`;
  if (rule.range !== undefined) return `range(${rule.range.column})`;
  if (rule.relationships !== undefined) {
    const { column, to, field } = rule.relationships;
    return `relationships(${column} -> ${to}.${field})`;
  }
  if (rule.row_count !== undefined) return 'row_count';
  return 'sql';
}

/** The query of the offending rows; undefined for a rule that judges the table as a whole. @throws StepError SQL_ERROR */
export function offendersOf(
  rule: Rule,
  table: string,
  known: readonly Column[],
  inputs: StepInputs,
): Sql | undefined {
  const where = `check ${nameOf(rule)}`;
  const column = (name: string): string => quoteName(knownColumn(name, known, where).name);
  if (rule.not_null !== undefined) {
    const test = rule.not_null.map((name) => `${column(name)} is null`).join(' or ');
    return { text: `select * from ${table} where ${test}`, binds: {} };
  }
  if (rule.unique !== undefined) {
    const keys = rule.unique.map(column);
    const whole = keys.map((key) => `${key} is not null`).join(' and ');
    return {
      text: `select * from ${table} where ${whole} qualify count(*) over (partition by ${keys.join(', ')}) > 1`,
      binds: {},
    };
  }
  if (rule.accepted_values !== undefined) {
    const { column: name, values } = rule.accepted_values;
    const binds = Object.fromEntries(values.map((value, i) => [`v${i}`, String(value)]));
    const list = Object.keys(binds).map((bind) => `$${bind}`);
    const shown = column(name);
    return {
      text: `select * from ${table} where ${shown} is not null and cast(${shown} as varchar) not in (${list.join(', ')})`,
      binds,
    };
  }
  if (rule.range !== undefined) {
    const { column: name, min, max } = rule.range;
    const { type } = knownColumn(name, known, where);
    const kind =
      /^(TINYINT|SMALLINT|INTEGER|BIGINT|UTINYINT|USMALLINT|UINTEGER|UBIGINT|HUGEINT|FLOAT)$/.test(
        type,
      )
        ? 'DOUBLE'
        : type;
    const tests = [
      min === undefined ? '' : `${column(name)} < cast($least as ${kind})`,
      max === undefined ? '' : `${column(name)} > cast($most as ${kind})`,
    ].filter((test) => test !== '');
    return {
      text: `select * from ${table} where ${tests.join(' or ') || 'false'}`,
      binds: {
        ...(min === undefined ? {} : { least: min }),
        ...(max === undefined ? {} : { most: max }),
      },
    };
  }
  if (rule.relationships !== undefined) {
    const { column: name, to, field } = rule.relationships;
    const other = tableSql(to, inputs);
    return {
      text: `select * from ${table} as t where t.${column(name)} is not null and not exists (select 1 from ${other} as o where o.${quoteName(field)} = t.${column(name)})`,
      binds: {},
    };
  }
  return rule.sql;
}

/** What is wrong with the number of rows, or undefined. `before` is the previous delivery's. */
export function rowCountTrouble(
  rule: Rule,
  rows: number,
  before: number | undefined,
): string | undefined {
  const { min, max, max_drop: maxDrop } = rule.row_count ?? {};
  if (min !== undefined && rows < min) return `${rows} rows, at least ${min} expected`;
  if (max !== undefined && rows > max) return `${rows} rows, at most ${max} expected`;
  if (maxDrop === undefined || before === undefined || before === 0) return undefined;
  const drop = (before - rows) / before;
  if (drop <= maxDrop) return undefined;
  const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`;
  return `${rows} rows, ${percent(drop)} fewer than the ${before} of the previous delivery; at most ${percent(maxDrop)} fewer allowed`;
}
