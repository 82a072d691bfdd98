/** The zod types that options of kinds share: queries, names of tables, values known only at run time, secrets. */

import { z } from 'zod';

import { NODE_KEYS, SQL_TYPES } from '../model/plan-nodes.ts';

const reference = z.strictObject({ [NODE_KEYS.ref]: z.string() });
const secret = z.strictObject({ [NODE_KEYS.secret]: z.string() });
const concat = z.strictObject({
  [NODE_KEYS.concat]: z.array(z.union([z.string(), reference, secret])),
});
const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const sqlNode = z.strictObject({
  [NODE_KEYS.sql]: z.array(
    z.union([
      z.string(),
      z.strictObject({ value: scalar, type: z.enum(SQL_TYPES).optional() }),
      reference,
    ]),
  ),
});

/** `step` or `step.output`. */
const TABLE_NAME = /^[a-z][a-z0-9_]{0,62}(\.[a-z][a-z0-9_]{0,62})?$/;

/** A query: text, or the node that references in it became. The kind's `run` receives it as `Sql`. */
export function sqlText() {
  return plainFirst(z.string().regex(/\S/, 'a query must not be empty'), [sqlNode]);
}

/** The name of a table that an earlier step made: `step` for its main output, or `step.output`. */
export function tableName() {
  return z
    .string()
    .regex(TABLE_NAME, "expected the id of a step, such as 'clean' or 'clean.rejected'");
}

/** `schema`, or a reference whose value is known only when the step runs. */
export function runtime<T extends z.ZodType>(schema: T) {
  return plainFirst(schema, [reference, concat]);
}

/** Text, or a number or boolean that becomes text; may hold secrets and references. */
export function secretText() {
  return plainFirst(plainText(), [reference, secret, concat]);
}

/** Text, or what a parameter of another type gives: it becomes text when it is used. */
export function plainText() {
  return z.union([z.string(), z.number(), z.boolean()], { error: 'expected text' });
}

/** A union whose mistakes are told in the words of its plain form: nobody writes the nodes by hand. */
function plainFirst<T extends z.ZodType, N extends readonly z.ZodType[]>(plain: T, nodes: N) {
  return z.union([plain, ...nodes], {
    error: (issue) =>
      issue.code === 'invalid_union'
        ? issue.errors[0]?.map((each) => each.message).join(', ')
        : undefined,
  });
}
