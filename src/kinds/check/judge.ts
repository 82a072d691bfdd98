/** Tries one rule on a table. A pairing of values that cannot be compared breaks the rule; a column that is not there is a mistake. */

import { tableSql } from '../../duckdb/inputs.ts';
import { allowanceWords, isAllowed } from './allowance.ts';
import { holdToColumns } from './condition.ts';
import { questionOf } from './question.ts';
import { foundWords, noteOffenders } from './rejected.ts';
import { sameRows } from './same-rows.ts';
import { countOf, subjectOf } from './subject.ts';
import { columnsTrouble, countTrouble, newestOf, sameCount } from './whole-table.ts';

import type { Sql, StepInputs } from '../../model/attempt-inputs.ts';
import type { Session } from '../../duckdb/session-port.ts';
import type { Column } from '../../model/column.ts';
import type { Question } from './question.ts';
import type { Rule } from './rule.ts';
import type { Subject } from './subject.ts';

/** A rule that is broken, or that `at_most` lets pass: in words what was found, and the first offending rows. */
export type Verdict = {
  readonly rule: Rule;
  readonly name: string;
  readonly holds: boolean;
  readonly words: string;
  readonly examples: readonly string[];
};

/** The table that is checked, and how. */
export type Checked = {
  /** As options name it, and as SQL does. */
  readonly name: string;
  readonly table: string;
  readonly columns: readonly Column[];
  readonly inputs: StepInputs;
  /** Rows to keep of each rule. */
  readonly keep: number;
};

/** What became of a rule whose SQL is admitted; `newest` is what a freshness rule looks at. @throws StepError */
export async function judge(
  session: Session,
  { rule, name }: { readonly rule: Rule; readonly name: string },
  checked: Checked,
): Promise<Verdict & { readonly newest?: string }> {
  const what = `check ${name}`;
  const whole = (trouble: string | undefined): Verdict => ({
    rule,
    name,
    holds: trouble === undefined,
    words: trouble ?? 'holds',
    examples: [],
  });
  if (rule.columns !== undefined) {
    return whole(await columnsTrouble(session, rule.columns, checked.columns));
  }
  if (rule.sql !== undefined) return judgeQuery(session, rule, rule.sql, { checked, name, what });
  const subject = await subjectOf(session, rule, checked.table, what);
  if (rule.row_count !== undefined) {
    return whole(countTrouble(rule, await countOf(session, subject)));
  }
  if (rule.not_empty === true) {
    const rows = await countOf(session, subject);
    return whole(rows > 0 ? undefined : 'there are no rows, at least one expected');
  }
  if (rule.freshness !== undefined) {
    const found = await newestOf(session, rule.freshness.column, checked.columns, {
      subject,
      what,
    });
    if ('trouble' in found) return whole(found.trouble);
    return { ...whole(undefined), newest: found.newest };
  }
  const other = await otherSubject(session, rule, checked, what);
  if (rule.same_as?.by === 'row_count' && other !== undefined) {
    const { rows, apart, words } = await sameCount(session, subject, other);
    return { ...whole(words), holds: isAllowed(rule.at_most, apart, rows) };
  }
  const question = await ask(session, rule, { checked, subject, other, what });
  if ('unlike' in question) return whole(question.unlike);
  const query = { text: question.query, binds: { ...subject.binds, ...rule.expression?.binds } };
  const rows = await session.keep('_offenders', query);
  const judged = (): Promise<number> => countOf(session, subject);
  return weigh(session, rule, { name, rows, judged, keep: checked.keep, ...question });
}

async function ask(
  session: Session,
  rule: Rule,
  about: {
    readonly checked: Checked;
    readonly subject: Subject;
    readonly other: (Subject & Other) | undefined;
    readonly what: string;
  },
): Promise<Question> {
  const { checked, subject, other, what } = about;
  if (rule.same_as !== undefined && other !== undefined) {
    const left = { name: checked.name, from: subject.from, columns: checked.columns };
    return sameRows(left, other, rule.same_as.columns, what);
  }
  const { expression } = rule;
  if (expression !== undefined) {
    await holdToColumns(session, expression, checked.table, `${what}: expression`);
  }
  return questionOf(rule, {
    from: subject.from,
    columns: checked.columns,
    what,
    ...(other === undefined ? {} : { other }),
    ...(expression === undefined ? {} : { expression: expression.text }),
  });
}

type Other = { readonly name: string; readonly columns: readonly Column[] };

/** The other table that a rule names. `where` holds for both tables of `same_as`. */
async function otherSubject(
  session: Session,
  rule: Rule,
  { inputs }: Checked,
  what: string,
): Promise<(Subject & Other) | undefined> {
  const name = rule.relationships?.to ?? rule.same_as?.table;
  if (name === undefined) return undefined;
  const table = tableSql(name, inputs);
  const columns = await session.columns(table);
  const { where: _, ...bare } = rule;
  const subject = await subjectOf(session, rule.same_as === undefined ? bare : rule, table, what);
  return { ...subject, name, columns };
}

/** A query of the user's gives the offending rows; `where` then chooses among them. */
async function judgeQuery(
  session: Session,
  rule: Rule,
  sql: Sql,
  {
    checked,
    name,
    what,
  }: { readonly checked: Checked; readonly name: string; readonly what: string },
): Promise<Verdict> {
  let rows = await session.keep(rule.where === undefined ? '_offenders' : '_found', sql);
  if (rule.where !== undefined) {
    const { from, binds } = await subjectOf(session, rule, '_found', what);
    rows = await session.keep('_offenders', { text: `from ${from}`, binds });
  }
  const judged = (): Promise<number> => session.count(`select count(*) from ${checked.table}`);
  const expected = 'no row of the query';
  return weigh(session, rule, { name, rows, judged, keep: checked.keep, expected });
}

/** Notes the rows of the table `_offenders` and says what they mean; `judged` counts those that could be in it. */
async function weigh(
  session: Session,
  rule: Rule,
  about: {
    readonly name: string;
    readonly rows: number;
    readonly judged: () => Promise<number>;
    readonly keep: number;
    readonly expected: string;
    readonly found?: string;
  },
): Promise<Verdict> {
  const { name, rows, expected } = about;
  if (rows === 0) return { rule, name, holds: true, words: 'holds', examples: [] };
  const examples = await noteOffenders(session, name, about.keep);
  const found = about.found === undefined ? '' : await foundWords(session, about.found);
  const judged = await about.judged();
  const holds = isAllowed(rule.at_most, rows, judged);
  const allowed = allowanceWords(rule.at_most);
  return {
    rule,
    name,
    holds,
    words: `${rows} of ${judged} rows break it${allowed}; expected ${expected}${found}`,
    examples,
  };
}
