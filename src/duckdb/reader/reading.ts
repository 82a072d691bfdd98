/** How a table from outside is to be read: what a profile may say, and what it means with nothing said. Pure. */

/** The options as a profile writes them; absent ones have their default. */
export type ReadingOptions = {
  readonly encoding?: string;
  readonly delimiter?: string;
  readonly quote?: string;
  readonly escape?: string;
  readonly comment?: string;
  readonly skip?: number;
  readonly skip_end?: number;
  readonly header?: boolean;
  readonly null_values?: readonly string[] | { readonly only: readonly string[] };
  readonly max_line_bytes?: number;
  readonly decimal?: string;
  readonly thousands?: string;
  readonly date_format?: string;
  readonly timestamp_format?: string;
  readonly true_values?: readonly string[];
  readonly false_values?: readonly string[];
  readonly infer?: boolean;
  readonly columns?: Readonly<Record<string, string | ColumnWish>>;
  readonly other_columns?: 'allow' | 'refuse';
  readonly same_columns?: boolean;
};

/** A declared column. `optional`: a file may lack it. */
export type ColumnWish = { readonly type: string; readonly optional?: boolean };

/** How the characters of a delimited text make records and fields. */
export type Dialect = {
  /** Undefined: told from the first line. */
  readonly delimiter: string | undefined;
  /** Undefined: no character quotes. */
  readonly quote: string | undefined;
  /** Makes a quote inside quotes a letter, besides its doubling. */
  readonly escape: string | undefined;
  readonly comment: string | undefined;
  readonly skip: number;
  readonly skipEnd: number;
  readonly header: boolean;
  /** Unquoted fields of exactly this text are NULL. */
  readonly nulls: readonly string[];
};

/** How texts are understood as values of other types. */
export type Notation = {
  readonly decimal: string;
  readonly thousands: string | undefined;
  readonly dateFormat: string | undefined;
  readonly timestampFormat: string | undefined;
  readonly trueValues: readonly string[];
  readonly falseValues: readonly string[];
};

export type Reading = {
  readonly encoding: string;
  readonly dialect: Dialect;
  readonly notation: Notation;
  readonly infer: boolean;
  readonly columns: Readonly<Record<string, ColumnWish>>;
  readonly refuseOthers: boolean;
  readonly sameColumns: boolean;
  /** Longest record; undefined: what the format has by default. */
  readonly maxLineBytes: number | undefined;
};

/** Longest record of a delimited text that is read without a word about it. */
export const MAX_LINE_BYTES = 2_000_000;

/** The encodings that have a name here; the text of an unknown one would be a guess. */
export const ENCODINGS = Object.freeze([
  'utf-8',
  'utf-16',
  'utf-16le',
  'utf-16be',
  'latin-1',
  'iso-8859-2',
  'iso-8859-15',
  'windows-1250',
  'windows-1251',
  'windows-1252',
  'windows-1253',
  'windows-1254',
  'macintosh',
  'shift_jis',
  'euc-jp',
  'euc-kr',
  'gb18030',
  'big5',
] as const);

/** The word for a dialect in which nothing quotes. */
export const NO_QUOTE = 'none';

/** The reading that options mean. */
export function readingOf(options: ReadingOptions): Reading {
  const { null_values: nulls } = options;
  return {
    encoding: options.encoding ?? 'utf-8',
    dialect: {
      delimiter: options.delimiter,
      quote: options.quote === NO_QUOTE ? undefined : (options.quote ?? '"'),
      escape: options.escape,
      comment: options.comment,
      skip: options.skip ?? 0,
      skipEnd: options.skip_end ?? 0,
      header: options.header ?? true,
      nulls: nulls === undefined ? [''] : 'only' in nulls ? nulls.only : ['', ...nulls],
    },
    notation: {
      decimal: options.decimal ?? '.',
      thousands: options.thousands,
      dateFormat: options.date_format,
      timestampFormat: options.timestamp_format,
      trueValues: options.true_values ?? [],
      falseValues: options.false_values ?? [],
    },
    infer: options.infer ?? true,
    columns: Object.fromEntries(
      Object.entries(options.columns ?? {}).map(([name, wish]) => [
        name,
        typeof wish === 'string' ? { type: wish } : wish,
      ]),
    ),
    refuseOthers: options.other_columns === 'refuse',
    sameColumns: options.same_columns ?? false,
    maxLineBytes: options.max_line_bytes,
  };
}
