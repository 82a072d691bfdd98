/** Finds the first values that a declared type does not have, and says where they stand. */

import { StepError } from '../../model/step-error.ts';
import { readable } from './bad-line.ts';
import { plainCast } from './exact-cast.ts';
import { textsOf } from './table-sql.ts';

import type { Session } from '../session-port.ts';
import type { Part } from './part.ts';
import type { TypedColumn } from './exact-cast.ts';
import type { FileColumn, UnitedColumn } from './table-sql.ts';

const MOST_NAMED = 10;

type Offender = { readonly record: number; readonly column: TypedColumn; readonly value: string };

/** The columns of the texts, and what is to come of them. */
type Columns = {
  readonly united: readonly UnitedColumn[];
  readonly fileColumns: readonly FileColumn[];
  readonly columns: readonly TypedColumn[];
};

/** The error that names the first ten, in the order of the files. */
export async function firstOffenders(
  session: Session,
  parts: readonly Part[],
  { united, fileColumns, columns }: Columns,
  cause: unknown,
): Promise<StepError> {
  const declared = columns.filter(({ isDeclared }) => isDeclared);
  const lines: string[] = [];
  for (const [at, part] of parts.entries()) {
    const own = fileColumns.map((each) => ({ ...each, values: [each.values[at] ?? null] }));
    const texts = textsOf([part], united, own, { parallel: false });
    const found = await offendersIn(session, texts, declared);
    if (found.length === 0) continue;
    const places = await part.placesOf(found.map(({ record }) => record));
    for (const { record, column, value } of found.slice(0, MOST_NAMED - lines.length)) {
      const place = places.get(record);
      const line = place === undefined ? '' : `:${place.line}`;
      lines.push(
        `${part.name}${line}: column '${column.name}': ${readable(value)} is no ${column.asked ?? column.type}${hintFor(value, column.asked ?? column.type)}`,
      );
    }
    if (lines.length >= MOST_NAMED) break;
  }
  const more = lines.length >= MOST_NAMED ? '\n(the first ten)' : '';
  return new StepError('BAD_INPUT_DATA', `${lines.join('\n')}${more}`, { cause });
}

async function offendersIn(
  session: Session,
  texts: string,
  declared: readonly TypedColumn[],
): Promise<readonly Offender[]> {
  const found: Offender[] = [];
  for (const column of declared) {
    const { quick, holds } = column.cast(column.text);
    if (holds === 'true') continue;
    const isQuick = quick?.(plainCast(column.type, column.text)) ?? 'false';
    const fits = `coalesce(${isQuick}, false) or coalesce(${holds}, false)`;
    const rows = await session.rows(
      `select n, x from (select row_number() over () - 1 as n, ${column.text} as x, (${fits}) as fits from (${texts})) where x is not null and x <> '' and not fits order by n limit ${MOST_NAMED}`,
    );
    for (const { n, x } of rows) found.push({ record: Number(n), column, value: String(x) });
  }
  return found.toSorted((a, b) => a.record - b.record).slice(0, MOST_NAMED);
}

function hintFor(value: string, type: string): string {
  if (type.startsWith('TIMESTAMP') && /[T ]\d\d:\d\d.*(Z|[+-]\d\d(:?\d\d)?)$/.test(value)) {
    return type.includes('ZONE') ? '' : ' (it has a zone: declare TIMESTAMPTZ)';
  }
  if (/^(STRUCT|MAP|UNION)\(|\]$/.test(type)) {
    return ' (declare JSON, and let a query make it: from_json(column, ...))';
  }
  if (type === 'TIMESTAMP WITH TIME ZONE') return ' (it has no zone: declare TIMESTAMP)';
  if (/^(DATE|TIMESTAMP)/.test(type))
    return ' (say how it is written by `date_format` or `timestamp_format`)';
  if (type === 'BOOLEAN') return ' (say which words mean it by `true_values` and `false_values`)';
  if (/^[+-]?[\d.,' ]+$/.test(value) && /[,' ]|\..*\./.test(value)) {
    return ' (say how numbers are written by `decimal` and `thousands`)';
  }
  return '';
}
