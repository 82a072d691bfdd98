/** What a profile declares of columns, held against the columns that the files have. */

import { keptColumns } from '../keepable.ts';
import { quoteName, quoteText } from '../session.ts';
import { StepError } from '../../model/step-error.ts';
import { badFile } from './bad-line.ts';
import { keyOf } from './names.ts';

import type { Session } from '../session-port.ts';
import type { Part } from './part.ts';
import type { Reading } from './reading.ts';
import type { FileColumn, UnitedColumn } from './table-sql.ts';

/** A declared type in DuckDB's own words, and the type that its values are kept as. */
export type Wish = { readonly asked: string; readonly type: string };

/** Optional columns that no file has; their rows are NULL. */
export function absentColumns(
  { columns }: Pick<Reading, 'columns'>,
  known: readonly { readonly name: string }[],
): readonly string[] {
  const has = new Set(known.map(({ name }) => keyOf(name)));
  return Object.entries(columns).flatMap(([name, { optional }]) =>
    optional === true && !has.has(keyOf(name)) ? [name] : [],
  );
}

/**
 * The declared type of each column that has one, by its place among those of the files, then those made of where they lie.
 * @throws StepError BAD_INPUT_DATA, BAD_OPTION
 */
export async function wishesOf(
  session: Session,
  parts: readonly Pick<Part, 'name' | 'names'>[],
  united: readonly Pick<UnitedColumn, 'name'>[],
  reading: Pick<Reading, 'columns' | 'refuseOthers' | 'sameColumns'>,
  fileColumns: readonly Pick<FileColumn, 'name'>[],
): Promise<ReadonlyMap<number, Wish>> {
  const isOfFiles = new Set(fileColumns.map(({ name }) => keyOf(name)));
  const declared = Object.entries(reading.columns);
  mustMatch(parts);
  if (reading.sameColumns) mustBeSame(parts);
  for (const { name, names } of parts) {
    const has = new Set(names.map(keyOf));
    const missing = declared.find(
      ([wish, { optional }]) =>
        optional !== true && !has.has(keyOf(wish)) && !isOfFiles.has(keyOf(wish)),
    );
    if (missing !== undefined) {
      throw badFile(
        name,
        `there is no column '${missing[0]}', which is declared; the file has ${list(names)}`,
        'declare it with `optional: true` if a file may lack it',
      );
    }
    const wanted = new Set(declared.map(([wish]) => keyOf(wish)));
    const others = names.filter((each) => !wanted.has(keyOf(each)));
    if (reading.refuseOthers && others.length > 0) {
      throw badFile(
        name,
        `columns that are not declared: ${list(others)}`,
        'declare them, or give `other_columns: allow`',
      );
    }
  }
  const wishes = new Map<number, Wish>();
  const places = new Map([...united, ...fileColumns].map(({ name }, i) => [keyOf(name), i]));
  for (const [wish, { type }] of declared) {
    const at = places.get(keyOf(wish));
    if (at !== undefined) wishes.set(at, await typeNamed(session, wish, type));
  }
  return wishes;
}

/** A type in the words that DuckDB itself uses: `numeric(10, 2)` is DECIMAL(10,2). @throws StepError BAD_OPTION */
async function typeNamed(session: Session, column: string, type: string): Promise<Wish> {
  try {
    const [row] = await session.rows(`select typeof(cast(null as ${type})) as t`);
    const named = String(row?.['t']);
    const kept = keptColumns([{ name: column, type: named }]);
    const keptAs = kept === undefined ? named : await keptType(session, kept, column, named);
    return { asked: named, type: keptAs };
  } catch (error) {
    if (error instanceof StepError && error.code === 'OUTPUT_UNUSABLE') throw error;
    throw new StepError('BAD_OPTION', `columns.${column}: '${type}' is no SQL type`, {
      cause: error,
    });
  }
}

/** The type in which values of this one are kept. */
async function keptType(
  session: Session,
  kept: string,
  column: string,
  type: string,
): Promise<string> {
  const one = `(select cast(null as ${type}) as ${quoteName(column)})`;
  const [found] = await session.columns(`(select ${kept} from ${one})`);
  return found?.type ?? type;
}

/** A file that shares no name with the first has lost its line of names, or is not of this table. */
function mustMatch(parts: readonly Pick<Part, 'name' | 'names'>[]): void {
  const [first, ...others] = parts;
  if (first === undefined) return;
  const known = new Set(first.names.map(keyOf));
  for (const { name, names } of others) {
    if (names.length * known.size === 0 || names.some((each) => known.has(keyOf(each)))) {
      for (const each of names) known.add(keyOf(each));
      continue;
    }
    throw badFile(
      name,
      `its first line names none of the columns of ${first.name}: it has ${list(names)}, not ${list(first.names)}`,
      'the line of names is missing, or the file belongs to another table',
    );
  }
}

function mustBeSame(parts: readonly Pick<Part, 'name' | 'names'>[]): void {
  const [first, ...others] = parts;
  const wanted = new Set(first?.names.map(keyOf));
  for (const { name, names } of others) {
    const missing = first!.names.filter((each) => !names.some((own) => keyOf(own) === keyOf(each)));
    const more = names.filter((each) => !wanted.has(keyOf(each)));
    if (missing.length + more.length === 0) continue;
    const said = [
      ...(missing.length === 0 ? [] : [`it lacks ${list(missing)}`]),
      ...(more.length === 0 ? [] : [`it has ${list(more)} besides`]),
    ].join(', ');
    throw badFile(
      name,
      `its columns are not those of ${first!.name}: ${said}`,
      '`same_columns: false` takes both',
    );
  }
}

function list(names: readonly string[]): string {
  const shown = names
    .slice(0, 12)
    .map((name) => quoteText(name))
    .join(', ');
  return names.length > 12 ? `${shown} and ${names.length - 12} more` : shown;
}
