/** Parquet files as one table: types as they are in the files, where one type has the values of all; else refused. */

import { PLAIN_PATH, quoteName, quotePath, quoteText } from '../session.ts';
import { PARQUET, readThrough } from '../parquet.ts';
import { StepError } from '../../model/step-error.ts';
import { badFile } from './bad-line.ts';
import { absentColumns, wishesOf } from './declared.ts';
import { castOrFail, declaredCast } from './exact-cast.ts';
import { mustBeReadWhole } from './parquet-finest.ts';
import { mustHaveAllValues } from './parquet-levels.ts';
import { mustMatchChecksums } from './parquet-pages.ts';
import { mustNotClash } from './file-columns.ts';
import { keyOf } from './names.ts';
import { typedFileColumns } from './typed-file-columns.ts';

import type { Session } from '../session-port.ts';
import type { WrittenTable } from '../write.ts';
import type { Wish } from './declared.ts';
import type { Reading } from './reading.ts';
import type { FileColumn } from './table-sql.ts';
import type { StagedFile } from '../../model/attempt-inputs.ts';
import type { Column } from '../../model/column.ts';

const MARK = 'builder-misfit';
/** Integer types by width; each has the values of those before it on its side. */
const SIGNED = ['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT'];
const UNSIGNED = ['UTINYINT', 'USMALLINT', 'UINTEGER', 'UBIGINT', 'UHUGEINT'];

type ParquetPart = {
  readonly file: StagedFile;
  readonly name: string;
  readonly columns: readonly Column[];
  readonly names: readonly string[];
};

/** Reads the files into one at `path`. @throws StepError BAD_INPUT_DATA, BAD_OPTION */
export async function readParquet(
  session: Session,
  files: readonly StagedFile[],
  reading: Reading,
  fileColumns: readonly FileColumn[],
  path: string,
  onProgress: () => void = () => undefined,
): Promise<WrittenTable> {
  const parts: ParquetPart[] = [];
  let counted = 0;
  for (const file of files) {
    const found = await reads(file, () => lookAt(session, file, `${path}.finest`, onProgress));
    counted += found.rows;
    parts.push({ file, name: file.original, ...found });
  }
  const united: Column[] = [];
  for (const { name, columns } of parts) {
    for (const column of columns) {
      const at = united.findIndex((each) => keyOf(each.name) === keyOf(column.name));
      if (at < 0) united.push(column);
      else united[at] = { ...united[at]!, type: joined(united[at]!, column, name, reading) };
    }
  }
  mustNotClash(fileColumns, united);
  const absent = absentColumns(reading, [...united, ...fileColumns]);
  united.push(...absent.map((name) => ({ name, type: '' })));
  const wishes = await wishesOf(session, parts, united, reading, fileColumns);
  const wanted = united.map(({ type }, i) => wishes.get(i) ?? { type, asked: type });
  const types = wanted.map(({ type }) => type);
  const [only] = parts;
  const isAsItIs =
    united.every(({ type }, i) => type === wanted[i]!.asked) && fileColumns.length === 0;
  if (only !== undefined && parts.length === 1 && isAsItIs) {
    return takenOver(session, only.file, united, counted);
  }
  const typed = await typedFileColumns(session, fileColumns, reading, (i) =>
    wishes.get(united.length + i),
  );
  const branches = parts.map(({ file, columns }, at) => {
    const picked = united.map(({ name }, i) => {
      const own = columns.find((each) => keyOf(each.name) === keyOf(name));
      const type = types[i]!;
      if (own === undefined) return `cast(null as ${type}) as ${quoteName(name)}`;
      return `${valueOf(own, wanted[i]!, i, reading)} as ${quoteName(name)}`;
    });
    const added = typed.map(({ name, type, values, cast }, i) => {
      const value = values[at] ?? null;
      const text = `cast(${value === null ? 'null' : quoteText(value)} as varchar)`;
      return `${castOrFail(cast(text), text, type, `${MARK}:${united.length + i}:`)} as ${quoteName(name)}`;
    });
    return `select ${[...picked, ...added].join(', ')} from read_parquet(${quotePath(file.path)}, ${PLAIN_PATH})`;
  });
  const query = branches.join(' union all ');
  const rows = await session
    .run(`copy (${query}) to ${quoteText(path)} ${PARQUET}`)
    .catch((error: unknown) => {
      const [, i = '', value = ''] =
        new RegExp(`${MARK}:(\\d+):(.*)`).exec((error as Error).message ?? '') ?? [];
      if (i !== '') {
        const { name, asked } = [
          ...united.map((each, n) => ({ ...each, ...wanted[n]! })),
          ...typed,
        ][Number(i)]!;
        throw badFile(
          parts.map((part) => part.name).join(', '),
          `column '${name}': \`${value}\` is no ${asked}`,
        );
      }
      throw explained(error, files);
    });
  if (rows !== counted) throw miscounted(parts[0]?.name ?? '', counted, rows);
  const written = [
    ...united.map(({ name }, i) => ({ name, type: types[i]! })),
    ...typed.map(({ name, type }) => ({ name, type })),
  ];
  return { path, format: 'parquet', rows, columns: written };
}

/** What a file holds, each of its values decoded once. `scratch`: where a copy may lie meanwhile. @throws StepError BAD_INPUT_DATA where it is damaged or none */
export async function lookThrough(
  session: Session,
  file: StagedFile,
  scratch: string,
  onProgress: () => void,
): Promise<{ readonly rows: number; readonly columns: readonly Column[] }> {
  const { rows, columns } = await reads(file, () => lookAt(session, file, scratch, onProgress));
  await takenOver(session, file, columns, rows);
  return { rows, columns };
}

/** The file as it is: every value is decoded once, so that a damaged one is told of here and not by a later step. */
async function takenOver(
  session: Session,
  file: StagedFile,
  columns: readonly Column[],
  counted: number,
): Promise<WrittenTable> {
  const rows = await reads(file, () => readThrough(session, file.path));
  if (rows !== counted) throw miscounted(file.original, counted, rows);
  return { path: file.path, format: 'parquet', rows, columns };
}

function miscounted(name: string, counted: number, rows: number): Error {
  return badFile(name, `it says that it has ${counted} rows, but ${rows} were read`);
}

async function lookAt(
  session: Session,
  file: StagedFile,
  scratch: string,
  onProgress: () => void,
): Promise<{ rows: number; columns: readonly Column[]; names: readonly string[] }> {
  const path = quotePath(file.path);
  const wide = await session.rows(
    `select name, precision from parquet_schema(${path}) where precision > 38`,
  );
  if (wide[0] !== undefined) {
    throw badFile(
      file.original,
      `column '${wide[0]['name']}' is a DECIMAL of ${wide[0]['precision']} digits; at most 38 can be kept exactly`,
    );
  }
  const columns = await session.columns(`read_parquet(${path}, ${PLAIN_PATH})`);
  await mustMatchChecksums(session, file, onProgress);
  await mustHaveAllValues(session, file, columns);
  await mustBeReadWhole(session, file, columns, scratch);
  const rows = await session.count(`select sum(num_rows) from parquet_file_metadata(${path})`);
  return { rows, columns, names: columns.map(({ name }) => name) };
}

/** The value of a column in the type of the whole, exactly. */
function valueOf({ name, type }: Column, wanted: Wish, i: number, { notation }: Reading): string {
  const column = quoteName(name);
  if (type === wanted.asked && type === wanted.type) return column;
  // The wider has every value of the narrower, the very one; a text of it might be another.
  const isWider =
    isWiderInteger(type, wanted.asked) || (type === 'FLOAT' && wanted.asked === 'DOUBLE');
  if (isWider) return `cast(${column} as ${wanted.type})`;
  const text = `cast(${column} as varchar)`;
  return castOrFail(declaredCast(wanted, text, notation), text, wanted.type, `${MARK}:${i}:`);
}

function isWiderInteger(from: string, to: string): boolean {
  const [a, b] = [SIGNED.indexOf(from), SIGNED.indexOf(to)];
  if (a >= 0 && b >= 0) return a < b;
  const u = UNSIGNED.indexOf(from);
  if (u >= 0 && b >= 0) return u < b;
  return u >= 0 && u < UNSIGNED.indexOf(to);
}

/** Digits before and behind the point that an integer or DECIMAL has at most. */
function sizeOf(type: string): { readonly digits: number; readonly places: number } | undefined {
  const [, all, places] = /^DECIMAL\((\d+),(\d+)\)$/.exec(type) ?? [];
  if (all !== undefined) return { digits: Number(all) - Number(places), places: Number(places) };
  const width = Math.max(SIGNED.indexOf(type), UNSIGNED.indexOf(type));
  const digits = [3, 5, 10, 20][width];
  return digits === undefined ? undefined : { digits, places: 0 };
}

/** The type that has the values of both. @throws StepError BAD_INPUT_DATA */
function joined(known: Column, other: Column, file: string, { columns }: Reading): string {
  if (known.type === other.type || isWiderInteger(other.type, known.type)) return known.type;
  if (isWiderInteger(known.type, other.type)) return other.type;
  const [a, b] = [sizeOf(known.type), sizeOf(other.type)];
  if (a !== undefined && b !== undefined) {
    const places = Math.max(a.places, b.places);
    const digits = Math.max(a.digits, b.digits);
    if (digits + places <= 38) return `DECIMAL(${digits + places},${places})`;
  }
  const isDeclared = Object.keys(columns).some((name) => keyOf(name) === keyOf(known.name));
  if (isDeclared) return known.type;
  throw badFile(
    file,
    `column '${other.name}' is ${other.type}, in the files before it is ${known.type}`,
    'declare under `columns` which it shall be',
  );
}

async function reads<T>(file: StagedFile, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw explained(error, [file]);
  }
}

function explained(error: unknown, files: readonly StagedFile[]): unknown {
  if (error instanceof StepError && error.code !== 'SQL_ERROR') return error;
  const message = (error as Error).message ?? String(error);
  if (message.includes('was interrupted')) return error;
  const file = files.find(({ path }) => message.includes(path)) ?? files[0];
  const said = files.reduce((text, { path, original }) => text.replaceAll(path, original), message);
  return new StepError('BAD_INPUT_DATA', `${file?.original} cannot be read: ${said}`, {
    cause: error,
  });
}
