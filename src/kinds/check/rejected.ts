/** The rows that break rules: the first ones of each rule are kept as JSON, all are counted, each once. */

import { join } from 'node:path';

import { quoteName, quoteText } from '../../duckdb/session.ts';
import { classOf } from './type-class.ts';

import type { Session } from '../../duckdb/session-port.ts';
import type { Column } from '../../model/column.ts';
import type { StepContext } from '../contract.ts';

/** The table of kept rows; it becomes the output `rejected`. */
export const REJECTED = '_rejected';

const SHOWN_ROWS = 3;
const SHOWN_VALUES = 3;
const SHOWN_WIDTH = 200;

/** Makes the table that `noteOffenders` fills. */
export async function openRejected(session: Session): Promise<void> {
  await session.run(`create temp table ${REJECTED} (rule varchar, offending_row varchar)`);
}

/** Notes the rows of the table `_offenders`, and answers the first of them for a message. */
export async function noteOffenders(
  session: Session,
  name: string,
  keep: number,
): Promise<readonly string[]> {
  const row = jsonOf(await session.columns('_offenders'));
  await session.run({
    text: `insert into ${REJECTED} select $name, ${row} as j from _offenders order by j limit ${keep}`,
    binds: { name },
  });
  await session.run('create temp table if not exists _seen (row_id uhugeint, times bigint)');
  // Rules see what is in a row: rows with equal content break the same ones.
  await session.run(
    `insert into _seen select md5_number(${row}) as row_id, count(*) from _offenders group by row_id`,
  );
  const shown = await session.rows(
    `select ${row} as j from _offenders order by all limit ${SHOWN_ROWS}`,
  );
  return shown.map((each) => shorten(String(each['j'])));
}

/** Rows that break at least one rule; some were noted. */
export async function countRejected(session: Session): Promise<number> {
  return session.count(
    'select coalesce(sum(times), 0) from (select max(times) as times from _seen group by row_id)',
  );
}

/** `, found 'C9'`: the values of a column of `_offenders`, for a message. */
export async function foundWords(session: Session, column: string): Promise<string> {
  const name = quoteName(column);
  const values = await session.rows(
    `select cast(found as varchar) as v, typeof(found) as type from (select distinct ${name} as found from _offenders where ${name} is not null) order by found limit ${SHOWN_VALUES + 1}`,
  );
  if (values.length === 0) return '';
  const texts = values
    .slice(0, SHOWN_VALUES)
    .map(({ v, type }) => shorten(isText(String(type)) ? `'${String(v)}'` : String(v)));
  return `, found ${texts.join(', ')}${values.length > SHOWN_VALUES ? ', ...' : ''}`;
}

function isText(type: string): boolean {
  return ['text', 'choice'].includes(classOf(type).kind);
}

/** Writes the kept rows where they outlive the attempt, and answers the path; undefined if there is none. */
export async function keepRejected(
  session: Session,
  ctx: Pick<StepContext, 'folder' | 'keepFile'>,
): Promise<string | undefined> {
  if ((await session.count(`select count(*) from ${REJECTED}`)) === 0) return undefined;
  const path = join(ctx.folder, 'rejected.jsonl');
  await session.run(
    `copy (select rule, cast(offending_row as json) as offending_row from ${REJECTED} order by rule, offending_row) to ${quoteText(path)} (format json, array false)`,
  );
  return ctx.keepFile(path, 'rejected.jsonl');
}

/** SQL of a row as a JSON text. JSON has no word for NaN and the infinities: they are texts. */
function jsonOf(columns: readonly Column[]): string {
  const parts = columns.flatMap(({ name, type }) => [
    quoteText(name),
    jsonValue(quoteName(name), type),
  ]);
  return `cast(json_object(${parts.join(', ')}) as varchar)`;
}

function jsonValue(column: string, type: string): string {
  const asText = `to_json(cast(${column} as varchar))`;
  if (classOf(type).kind === 'binary') {
    return `case when isfinite(${column}) or ${column} is null then to_json(${column}) else ${asText} end`;
  }
  if (!/DOUBLE|FLOAT/.test(type)) return `to_json(${column})`;
  return `case when regexp_matches(cast(to_json(${column}) as varchar), 'NaN|Infinity') then ${asText} else to_json(${column}) end`;
}

function shorten(text: string): string {
  return text.length > SHOWN_WIDTH ? `${text.slice(0, SHOWN_WIDTH - 3)}...` : text;
}
