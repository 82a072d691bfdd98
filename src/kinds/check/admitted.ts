/** The user's own SQL in the rules, looked at before any rule is tried: some of it may be what a session cannot do. */

import { repeatableCondition, repeatableRows } from '../../duckdb/repeat/repeatable.ts';
import { admit } from '../../duckdb/user-query.ts';
import { admitCondition } from './condition.ts';

import type { Sql, StepInputs } from '../../model/attempt-inputs.ts';
import type { Session } from '../../duckdb/session-port.ts';
import type { Rule } from './rule.ts';

/** A rule as it may run. `open` names what in its SQL may choose otherwise the next time. */
export type Admitted = { readonly rule: Rule; readonly open: readonly string[] };

/** Conditions in parentheses, a query without what ends it; what chooses among rows is completed. @throws StepError */
export async function admitted(
  session: Session,
  rule: Rule,
  about: { readonly what: string; readonly inputs: StepInputs; readonly table: string },
): Promise<Admitted> {
  const { what, inputs, table } = about;
  const open: string[] = [];
  const note = (option: string, places: readonly string[]): void =>
    void open.push(...places.map((place) => `${what}: ${option}${place}`));
  const condition = async (sql: Sql | undefined, option: string): Promise<Sql | undefined> => {
    if (sql === undefined) return undefined;
    const alone = await admitCondition(session, sql, inputs, `${what}: ${option}`);
    // That of a query of the user's is about what the query gives.
    if (rule.sql !== undefined) return alone;
    const whole = await repeatableCondition(session, alone, table).catch(() => undefined);
    // One that does not fit the table is told when it is tried.
    if (whole === undefined) return alone;
    note(`${option}: `, whole.open);
    return { text: whole.text, binds: sql.binds };
  };
  const { sql } = rule;
  const query = sql && (await admit(session, sql.text, inputs, { catalog: true }));
  const rows = sql && query && (await repeatableRows(session, query, sql));
  if (rows !== undefined) note('', rows.open);
  const where = await condition(rule.where, 'where');
  const expression = await condition(rule.expression, 'expression');
  return {
    rule: {
      ...rule,
      ...(sql && rows && { sql: { text: rows.text, binds: sql.binds } }),
      ...(where && { where }),
      ...(expression && { expression }),
    },
    open,
  };
}
