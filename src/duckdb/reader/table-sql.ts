/** The texts of all parts as one table, as SQL: columns `u0`, `u1`, ... by name, rows in the order of the files. Pure. */

import { PLAIN_PATH, quotePath, quoteText } from '../session.ts';
import { keyOf } from './names.ts';
import { MAX_LINE_BYTES } from './reading.ts';

import type { Part } from './part.ts';

/** Of this many bytes DuckDB reads at once, unless a line may be longer. */
const BUFFER_BYTES = 32 * 1024 * 1024;
/** Stands for "no text is NULL": no file holds a line of control characters that means it. */
const NO_TEXT = '\u0001\u0002\u0001';

/** A column of the whole: its name as it was first seen, and what JSON said of its values. */
export type UnitedColumn = { readonly name: string; readonly kinds: number };

/** A column whose value is one text for each file: hive folders, the file's name. */
export type FileColumn = {
  readonly name: string;
  /** True: text, whatever it looks like. */
  readonly isText: boolean;
  /** By the place of the part. */
  readonly values: readonly (string | null)[];
};

/** The columns of all parts, in the order in which they are first met. */
export function unite(parts: readonly Part[]): readonly UnitedColumn[] {
  const columns = new Map<string, { name: string; kinds: number; isFree: boolean }>();
  for (const { names, kinds } of parts) {
    names.forEach((name, i) => {
      const column = columns.get(keyOf(name)) ?? { name, kinds: 0, isFree: false };
      columns.set(keyOf(name), column);
      // A file that does not tell kinds, beside some that do: by the notation alone.
      if (kinds === undefined) column.isFree = true;
      else column.kinds |= kinds[i] ?? 0;
    });
  }
  return [...columns.values()].map(({ name, kinds, isFree }) => ({
    name,
    kinds: isFree ? 0 : kinds,
  }));
}

/** A query for the rows of these parts with the columns `u0...` of `columns`, then `f0...` of `fileColumns`. */
export function textsOf(
  parts: readonly Part[],
  columns: readonly UnitedColumn[],
  fileColumns: readonly FileColumn[],
  { parallel }: { readonly parallel: boolean },
): string {
  const branches: { sql: (paths: readonly string[]) => string; key: string; paths: string[] }[] =
    [];
  parts.forEach((part, at) => {
    const places = new Map(part.names.map((name, i) => [keyOf(name), i]));
    const picked = [
      ...columns.map(({ name }, i) => {
        const place = places.get(keyOf(name));
        return `${place === undefined ? 'null::varchar' : `c${place}`} as u${i}`;
      }),
      ...fileColumns.map(({ values }, i) => {
        const value = values[at] ?? null;
        return `${value === null ? 'null' : quoteText(value)}::varchar as f${i}`;
      }),
    ].join(', ');
    const settings = settingsOf(part, parallel);
    const key = `${picked}\n${settings}`;
    const last = branches.at(-1);
    if (last?.key === key) last.paths.push(part.path);
    else {
      const sql = (paths: readonly string[]): string =>
        `select ${picked} from read_csv([${paths.map(quotePath).join(', ')}], ${settings})`;
      branches.push({ sql, key, paths: [part.path] });
    }
  });
  return branches.map(({ sql, paths }) => sql(paths)).join(' union all ');
}

/** Every part of the dialect is told; DuckDB guesses nothing. */
function settingsOf(part: Part, parallel: boolean): string {
  const columns = Array.from({ length: part.width }, (_, i) => `c${i}: 'VARCHAR'`).join(', ');
  // A text with one of these characters never stands unquoted; DuckDB refuses to be told of it.
  const nulls = part.nulls.filter(
    (text) => !/["\r\n]/.test(text) && !text.includes(part.delimiter),
  );
  return [
    'auto_detect = false',
    PLAIN_PATH,
    `delim = ${quoteText(part.delimiter)}`,
    `quote = '"'`,
    `escape = '"'`,
    ...(part.hasReturns ? [] : [`new_line = '\\n'`]),
    `comment = ''`,
    `header = ${part.hasHeader}`,
    'skip = 0',
    'strict_mode = true',
    'null_padding = false',
    'ignore_errors = false',
    'allow_quoted_nulls = false',
    `nullstr = [${(nulls.length === 0 ? [NO_TEXT] : nulls).map(quoteText).join(', ')}]`,
    `encoding = 'utf-8'`,
    `compression = 'none'`,
    `parallel = ${parallel}`,
    ...(part.maxLineBytes > MAX_LINE_BYTES
      ? [
          `max_line_size = ${part.maxLineBytes}`,
          `buffer_size = ${Math.max(BUFFER_BYTES, 2 * part.maxLineBytes)}`,
        ]
      : []),
    `columns = {${columns}}`,
  ].join(', ');
}
