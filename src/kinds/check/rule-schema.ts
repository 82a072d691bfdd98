/** The options of one rule as written in a profile. */

import { z } from 'zod';

import { DURATION_PATTERN } from '../../model/duration.ts';
import { runtime, sqlText, tableName } from '../option-types.ts';
import { RULES } from './rule.ts';
import { troublesOf } from './sense.ts';

import type { RuleKind } from './rule.ts';

const column = z.string().min(1);
const columns = z.array(column).min(1);
const bound = runtime(z.union([z.number(), z.string()], { error: 'expected a number or a text' }));
const count = runtime(z.number().int().min(0));
const sqlType = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_(), ]*(\[\d*\])*$/, 'expected an SQL type, such as DECIMAL(10, 2)');
const contract = z.union([columns, z.record(column, z.union([sqlType, z.null()]))], {
  error: 'expected names of columns, or a mapping of names to SQL types',
});

type Rule = Readonly<Partial<Record<RuleKind, unknown>>>;

/** One rule: a mapping with exactly one of RULES. */
export const ruleSchema = z
  .strictObject({
    name: z.string().min(1).max(80).optional().describe('Shown in messages and metrics.'),
    severity: z.enum(['fail', 'warn']).default('fail'),
    where: sqlText()
      .optional()
      .describe('An SQL condition: only rows for which it is true are judged.'),
    at_most: runtime(
      z.union(
        [
          z.number().int().min(0),
          z
            .string()
            .regex(
              /^\d{1,3}(\.\d{1,6})?\s?%$/,
              "expected a number of rows, or a share such as '0.5%'",
            ),
        ],
        { error: "expected a number of rows, or a share such as '0.5%'" },
      ),
    )
      .optional()
      .describe("Rows that may break the rule: a number, or a share of those judged ('0.5%')."),
    not_null: columns.optional(),
    not_empty: z
      .union([columns, z.literal(true)], { error: 'expected names of columns, or true' })
      .optional()
      .describe('None of the columns is null, empty or blank; true: the table has rows.'),
    unique: columns
      .optional()
      .describe('No two rows agree on all of these; rows with a null are left out.'),
    accepted_values: z
      .strictObject({
        column,
        values: z.array(runtime(z.union([z.string(), z.number(), z.boolean()]))).min(1),
      })
      .optional(),
    range: z.strictObject({ column, min: bound.optional(), max: bound.optional() }).optional(),
    pattern: z
      .strictObject({
        column,
        regex: z.string().min(1).describe('RE2; found anywhere unless it has ^ and $.'),
      })
      .optional()
      .describe('Every text matches a regular expression.'),
    relationships: z
      .strictObject({ column, to: tableName(), field: column })
      .optional()
      .describe('Every value of the column is one of the field of another table.'),
    expression: sqlText().optional().describe('An SQL condition that is false for no row.'),
    row_count: z
      .strictObject({
        min: count.optional(),
        max: count.optional(),
        max_drop: runtime(z.number().min(0).max(1))
          .optional()
          .describe('Largest loss against the previous delivery, 0.2 = 20 %.'),
      })
      .optional(),
    columns: z
      .strictObject({ exact: contract.optional(), at_least: contract.optional() })
      .optional()
      .describe(
        'The columns the table must have, and their types: these alone, or at least these.',
      ),
    freshness: z
      .strictObject({
        column,
        max_age: runtime(
          z
            .string()
            .regex(new RegExp(DURATION_PATTERN), 'expected a duration such as 90s, 36h or 2d'),
        ),
      })
      .optional()
      .describe('The newest value of the column is not older than this.'),
    same_as: z
      .strictObject({
        table: tableName(),
        by: z.enum(['rows', 'row_count']).default('rows'),
        columns: columns.optional().describe('Compare these alone.'),
      })
      .optional()
      .describe('It has the rows, or as many rows, of another table.'),
    sql: sqlText().optional().describe('A query of the rows that break the rule.'),
  })
  .refine((rule) => RULES.filter((name) => rule[name] !== undefined).length === 1, {
    error: ({ input }) => {
      const hasRule = RULES.some((name) => (input as Rule)[name] !== undefined);
      const beside = hasRule
        ? ''
        : '; what stands beside a rule, such as where, stands in its mapping';
      return `give exactly one of ${RULES.join(', ')}${beside}`;
    },
  })
  .superRefine((rule, ctx) => {
    for (const { path, message } of troublesOf(rule)) {
      ctx.addIssue({ code: 'custom', path: [...path], message });
    }
  });
