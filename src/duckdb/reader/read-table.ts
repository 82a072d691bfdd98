/**
 * The one reader of tables that come from outside: files in, one Parquet table out, each value what was written.
 *
 * 1. Nothing is guessed from content but types, and those only from notations that mean one thing.
 * 2. Every record is accounted for: what DuckDB read is compared with what was counted here.
 * 3. A value is kept exactly, or the file and line are named where it was not.
 */

import { quoteName, quoteText } from '../session.ts';
import { PARQUET } from '../parquet.ts';
import { StepError } from '../../model/step-error.ts';
import { badFile } from './bad-line.ts';
import { absentColumns, wishesOf } from './declared.ts';
import { castOrFail, declaredCast, plainCast } from './exact-cast.ts';
import { factsOf, factsQuery, guessFrom } from './infer.ts';
import { mustNotClash } from './file-columns.ts';
import { firstOffenders } from './offenders.ts';
import { textsOf, unite } from './table-sql.ts';

import type { Session } from '../session-port.ts';
import type { WrittenTable } from '../write.ts';
import type { Part } from './part.ts';
import type { Reading } from './reading.ts';
import type { FileColumn } from './table-sql.ts';
import type { TypedColumn } from './exact-cast.ts';

/** Rows whose types are looked at before all are cast. */
const FIRST_ROWS = 20_000;
const MARK = 'builder-misfit';

/** Reads the parts into the Parquet file at `path`. @throws StepError BAD_INPUT_DATA, BAD_OPTION */
export async function readTable(
  session: Session,
  parts: readonly Part[],
  reading: Reading,
  fileColumns: readonly FileColumn[],
  path: string,
): Promise<WrittenTable> {
  const found = unite(parts);
  const absent = absentColumns(reading, [...found, ...fileColumns]);
  const united = [...found, ...absent.map((name) => ({ name, kinds: 0 }))];
  if (united.length === 0) {
    const names = parts.slice(0, 3).map(({ name }) => name);
    throw badFile(names.join(', '), 'no record has a key, so there is no column');
  }
  mustNotClash(fileColumns, united);
  const wishes = await wishesOf(session, parts, united, reading, fileColumns);
  const open = [
    ...united.map(({ name, kinds }, i) => ({
      name: `u${i}`,
      kinds,
      wish: wishes.get(i),
      as: name,
      isText: false,
    })),
    ...fileColumns.map(({ name, isText }, i) => ({
      name: `f${i}`,
      kinds: 0,
      wish: wishes.get(united.length + i),
      as: name,
      isText,
    })),
  ];
  const look = async (source: string): Promise<TypedColumn[]> => {
    const guesses = open.filter(
      ({ wish, isText }) => wish === undefined && !isText && reading.infer,
    );
    const [row = {}] =
      guesses.length === 0 ? [] : await session.rows(factsQuery(guesses, source, reading.notation));
    return open.map(({ name, kinds, wish, as }) => {
      const about = { text: name, name: as, isDeclared: wish !== undefined };
      if (wish !== undefined) {
        return {
          ...about,
          type: wish.type,
          asked: wish.asked,
          cast: (text) => declaredCast(wish, text, reading.notation),
        };
      }
      const i = guesses.findIndex((guess) => guess.name === name);
      if (i < 0) return { ...about, ...asText(kinds) };
      return { ...about, ...guessFrom(factsOf(row, i), reading.notation, kinds) };
    });
  };
  const texts = (parallel: boolean): string => textsOf(parts, united, fileColumns, { parallel });

  let columns = await reads(parts, () => look(`(from (${texts(true)}) limit ${FIRST_ROWS})`));
  let sawAll = false;
  let parallel = true;
  for (;;) {
    const plain = columns.map(plainOf).filter((each) => each !== '');
    const source = `select ${['*', ...plain].join(', ')} from (${texts(parallel)})`;
    const query = `select ${columns.map(outOf).join(', ')} from (${source})`;
    let rows: number;
    try {
      rows = await session.run(`copy (${query}) to ${quoteText(path)} ${PARQUET}`);
    } catch (error) {
      const at = misfitIn(error);
      if (at === undefined) throw explained(error, parts);
      const column = columns[at];
      if (column === undefined) throw error;
      if (column.isDeclared) {
        throw await firstOffenders(session, parts, { united, fileColumns, columns }, error);
      }
      if (sawAll) columns[at] = { ...column, ...asText(0) };
      else columns = await look(`(${texts(parallel)})`);
      sawAll = true;
      continue;
    }
    const counted = parts.reduce((sum, part) => sum + part.records, 0);
    if (rows === counted) {
      const written = columns.map(({ name, type }) => ({ name, type }));
      return { path, format: 'parquet', rows, columns: written };
    }
    // The engine reads large files from several places at once; in one go it must find every record.
    if (!parallel) throw miscounted(parts, rows, counted);
    parallel = false;
  }
}

const asText = (kinds: number): Pick<TypedColumn, 'type' | 'cast'> =>
  guessFrom({ bits: 0, digits: 0, places: 0, isBigint: true }, NOTATION, kinds & 8);

const NOTATION = {
  decimal: '.',
  thousands: undefined,
  dateFormat: undefined,
  timestampFormat: undefined,
  trueValues: [],
  falseValues: [],
};

/** The cast that is tried first, as a column of its own. */
function plainOf({ text, type, cast }: TypedColumn): string {
  return cast(text).quick === undefined ? '' : `${plainCast(type, text)} as p${text}`;
}

function outOf({ text, name, type, cast }: TypedColumn, i: number): string {
  return `${castOrFail(cast(text), text, type, `${MARK}:${i}:`, `p${text}`)} as ${quoteName(name)}`;
}

/** The column whose value did not fit, if that is what the error says. */
function misfitIn(error: unknown): number | undefined {
  const found = new RegExp(`${MARK}:(\\d+):`).exec((error as Error).message ?? '');
  return found === null ? undefined : Number(found[1]);
}

async function reads<T>(parts: readonly Part[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw explained(error, parts);
  }
}

/** DuckDB could not read a text that was found whole here: which of us is wrong cannot be said, so nothing is. */
function explained(error: unknown, parts: readonly Part[]): unknown {
  if (!(error instanceof StepError) || error.code !== 'SQL_ERROR') return error;
  const part = parts.find(({ path }) => error.message.includes(path)) ?? parts[0];
  const said = parts.reduce((text, { path, name }) => text.replaceAll(path, name), error.message);
  return new StepError('BAD_INPUT_DATA', `${part?.name} cannot be read: ${said}`, { cause: error });
}

function miscounted(parts: readonly Part[], rows: number, counted: number): Error {
  return badFile(
    parts
      .map(({ name }) => name)
      .slice(0, 3)
      .join(', '),
    `${counted} records were counted, but ${rows} were read`,
    'nothing is taken from files of which that cannot be said',
  );
}
