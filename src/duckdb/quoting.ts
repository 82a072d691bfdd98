/** Texts and names as parts of an SQL text. Pure. */

/** A text as an SQL literal. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** An option of every reader: a folder of the store named `k=v` makes no column. */
export const PLAIN_PATH = 'hive_partitioning = false';

/** A file to read as an SQL literal: to a reader of DuckDB a bare path is a pattern. */
export function quotePath(path: string): string {
  return quoteText(literalPath(path));
}

/** A path as the pattern that means it alone. */
export function literalPath(path: string): string {
  return path.replaceAll(/[*?[]/g, '[$&]');
}

/** A name as an SQL identifier. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
