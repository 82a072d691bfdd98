/** The rows that a rule judges: those of the table, or those for which its `where` is true. */

import { holdToColumns } from './condition.ts';

import type { Sql } from '../../model/attempt-inputs.ts';
import type { Session } from '../../duckdb/session-port.ts';
import type { Rule } from './rule.ts';

/** What stands behind `from`, and the values bound in it. */
export type Subject = { readonly from: string; readonly binds: Sql['binds'] };

/** The rows of `table` (SQL) that the rule judges. @throws StepError as `holdToColumns` */
export async function subjectOf(
  session: Session,
  rule: Rule,
  table: string,
  what: string,
): Promise<Subject> {
  if (rule.where === undefined) return { from: table, binds: {} };
  await holdToColumns(session, rule.where, table, `${what}: where`);
  const subject = {
    from: `(select * from ${table} where ${rule.where.text})`,
    binds: rule.where.binds,
  };
  const others = Object.keys(rule.expression?.binds ?? {}).length;
  if (others === 0 || Object.keys(subject.binds).length === 0) return subject;
  // Both name their values in the same way; so one of them is done first.
  await session.keep('_subject', { text: `from ${subject.from}`, binds: subject.binds });
  return { from: '_subject', binds: {} };
}

/** How many rows that is. */
export async function countOf(session: Session, { from, binds }: Subject): Promise<number> {
  return session.count({ text: `select count(*) from ${from}`, binds });
}
