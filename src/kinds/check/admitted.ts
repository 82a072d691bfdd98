/** The user's own SQL in the rules, looked at before any rule is tried: some of it may be what a session cannot do. */

import { admit } from '../../duckdb/user-query.ts';
import { admitCondition } from './condition.ts';

import type { StepInputs } from '../../model/attempt-inputs.ts';
import type { Session } from '../../duckdb/session.ts';
import type { Rule } from './rule.ts';

/** The rule with its SQL as it may run: conditions in parentheses, a query without what ends it. @throws StepError */
export async function admitted(
  session: Session,
  rule: Rule,
  { what, inputs }: { readonly what: string; readonly inputs: StepInputs },
): Promise<Rule> {
  const { sql, where, expression } = rule;
  const query = sql && (await admit(session, sql.text, inputs, { catalog: true }));
  return {
    ...rule,
    ...(sql && query && { sql: { text: query.text, binds: sql.binds } }),
    ...(where && { where: await admitCondition(session, where, inputs, `${what}: where`) }),
    ...(expression && {
      expression: await admitCondition(session, expression, inputs, `${what}: expression`),
    }),
  };
}
