/** How every CSV is read: all of the dialect is told to DuckDB, so that its sniffer finds out types and nothing else. */

import { delimiterOf } from './csv-delimiter.ts';
import { quoteText } from './session.ts';

/** What a definition may say of a CSV file; the rest is as in RFC 4180, with a line of column names. */
export type CsvDialect = {
  readonly header?: boolean | undefined;
  readonly delimiter?: string | undefined;
  readonly quote?: string | undefined;
};

/**
 * Settings of `read_csv` for the file at `path`, whose own name is `name`. A setting left out would be
 * guessed from the content: `#` as a mark of comments, an apostrophe as a quote, odd lines as no lines.
 */
export async function csvSettings(
  path: string,
  name: string,
  { header = true, delimiter, quote = '"' }: CsvDialect = {},
): Promise<readonly string[]> {
  return [
    `delim = ${quoteText(delimiter ?? (await delimiterOf(path, name)))}`,
    `quote = ${quoteText(quote)}`,
    `escape = ${quoteText(quote)}`,
    `comment = ''`,
    `header = ${header}`,
    'skip = 0',
    'strict_mode = true',
    'null_padding = false',
  ];
}
