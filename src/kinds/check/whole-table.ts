/** Rules that judge a table as a whole: how many rows, which columns, how new. In words what is wrong, or undefined. */

import { durationMs, formatDuration } from '../../model/duration.ts';
import { quoteName } from '../../duckdb/session.ts';
import { knownColumn } from '../../duckdb/columns.ts';
import { StepError } from '../../model/step-error.ts';
import { contractTrouble, entriesOf } from './contract-columns.ts';
import { classOf, wordFor } from './type-class.ts';
import { countOf } from './subject.ts';

import type { Session } from '../../duckdb/session-port.ts';
import type { Column } from '../../model/column.ts';
import type { Rule } from './rule.ts';
import type { Subject } from './subject.ts';

/** What is wrong with the number of rows, taken by itself. */
export function countTrouble(rule: Rule, rows: number): string | undefined {
  const { min, max } = rule.row_count ?? {};
  if (min !== undefined && rows < min) return `${rows} rows, at least ${min} expected`;
  if (max !== undefined && rows > max) return `${rows} rows, at most ${max} expected`;
  return undefined;
}

/** What is wrong with the number of rows against the previous delivery's. */
export function dropTrouble(
  rule: Rule,
  rows: number,
  before: number | undefined,
): string | undefined {
  const maxDrop = rule.row_count?.max_drop;
  if (maxDrop === undefined || before === undefined || before === 0) return undefined;
  const drop = (before - rows) / before;
  if (drop <= maxDrop) return undefined;
  const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`;
  return `${rows} rows, ${percent(drop)} fewer than the ${before} of the previous delivery; at most ${percent(maxDrop)} fewer allowed`;
}

/** What is wrong with the columns of a table. Types are compared as the engine names them. @throws StepError BAD_OPTION */
export async function columnsTrouble(
  session: Session,
  { exact, at_least: atLeast }: NonNullable<Rule['columns']>,
  columns: readonly Column[],
): Promise<string | undefined> {
  const wanted: (readonly [string, string | null])[] = [];
  for (const [name, type] of entriesOf(exact ?? atLeast ?? [])) {
    wanted.push([name, type === null ? null : await typeNamed(session, name, type)]);
  }
  return contractTrouble(wanted, exact !== undefined, columns);
}

async function typeNamed(session: Session, column: string, type: string): Promise<string> {
  try {
    const [row] = await session.rows(`select typeof(cast(null as ${type})) as t`);
    return String(row?.['t']);
  } catch (error) {
    throw new StepError('BAD_OPTION', `columns: ${column}: '${type}' is no SQL type`, {
      cause: error,
    });
  }
}

/** The newest moment of a column as ISO 8601 in UTC, or why there is none. @throws StepError BAD_OPTION */
export async function newestOf(
  session: Session,
  name: string,
  columns: readonly Column[],
  { subject, what }: { readonly subject: Subject; readonly what: string },
): Promise<{ readonly newest: string } | { readonly trouble: string }> {
  const column = knownColumn(name, columns, what);
  if (!['date', 'moment'].includes(classOf(column.type).kind)) {
    return {
      trouble: `column '${column.name}' is ${wordFor(column.type)}, which has no age; make it a date or a timestamp where it is read, or cast it in a query before`,
    };
  }
  const moment = `try_cast(${quoteName(column.name)} as timestamp)`;
  const [row] = await session.rows({
    text: `select epoch_ms(max(${moment})) as ms from ${subject.from} where isfinite(${moment})`,
    binds: subject.binds,
  });
  const ms = row?.['ms'] ?? undefined;
  if (ms === undefined)
    return { trouble: `there is no ${column.name} at all; the newest was asked for` };
  return { newest: new Date(Math.min(Number(ms), 8.64e15)).toISOString() };
}

/** What is wrong with the age of the newest moment. @throws StepError BAD_OPTION */
export function ageTrouble(
  { column, max_age: maxAge }: NonNullable<Rule['freshness']>,
  newest: string,
  nowMs: number,
): string | undefined {
  const allowed = durationMs(maxAge);
  if (allowed === undefined) {
    throw new StepError(
      'BAD_OPTION',
      `freshness(${column}): max_age '${maxAge}' is no duration such as 36h`,
    );
  }
  const age = nowMs - Date.parse(newest);
  if (age <= allowed) return undefined;
  return `the newest ${column} is ${newest}, ${formatDuration(age)} old; at most ${formatDuration(allowed)} expected`;
}

/** What is wrong with the number of rows against another table's, and by how many they differ. */
export async function sameCount(
  session: Session,
  left: Subject,
  right: Subject & { readonly name: string },
): Promise<{ readonly rows: number; readonly apart: number; readonly words: string }> {
  const [rows, others] = [await countOf(session, left), await countOf(session, right)];
  return {
    rows: others,
    apart: Math.abs(rows - others),
    words: `${rows} rows, as many as ${right.name} expected, which has ${others}`,
  };
}
