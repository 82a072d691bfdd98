/** The options of everything that reads a table from outside: files, and what a command writes. */

import { z } from 'zod';

import { ENCODINGS, NO_QUOTE } from '../duckdb/reader/reading.ts';

import { formatTrouble } from '../duckdb/reader/time-format.ts';

import type { TypesChanged } from '../duckdb/reader/changed-types.ts';
import type { ReadingOptions } from '../duckdb/reader/reading.ts';

/** What a profile may say of a table, besides where it is. */
export type TableOptions = ReadingOptions & {
  readonly types?: ReadingOptions['columns'];
  readonly types_changed?: TypesChanged;
  readonly csv?: Pick<ReadingOptions, 'header' | 'delimiter' | 'quote' | 'null_values'> & {
    readonly all_text?: boolean;
  };
};

const character = (what: string) =>
  z
    .string()
    .length(1, `expected one character${what}`)
    .regex(/[^\r\n]/, 'a line end cannot be it');
const sqlType = z
  .string()
  .regex(
    /^(?:[A-Za-z][A-Za-z0-9_(), ]*|ENUM *\( *'[^']*'(?: *, *'[^']*')* *\))(\[\])*$/i,
    'expected an SQL type, such as DECIMAL(10, 2)',
  );
const columns = z.record(
  z.string(),
  z.union([
    sqlType,
    z.strictObject({
      type: sqlType,
      optional: z.boolean().optional().describe('True: a file may lack it.'),
    }),
  ]),
);
const texts = z.array(z.string());
const format = (of: 'date' | 'timestamp') =>
  z
    .string()
    .min(1)
    .superRefine((text, ctx) => {
      const trouble = formatTrouble(text, of);
      if (trouble !== undefined) ctx.addIssue({ code: 'custom', message: `'${text}': ${trouble}` });
    });

const dialect = {
  header: z.boolean().optional().describe('The first line names the columns. Default true.'),
  delimiter: z
    .string()
    .min(1)
    .max(4)
    .optional()
    .describe('What separates fields. Default: told from the first line.'),
  quote: z
    .union([z.literal(NO_QUOTE), character(', or none')])
    .optional()
    .describe('What quotes a field, or none. Default ".'),
  null_values: z
    .union([texts, z.strictObject({ only: texts })])
    .optional()
    .describe('Unquoted texts that are NULL besides the empty one; with `only`, instead of it.'),
};

/** zod fields; a kind spreads them into its schema. */
export const readingFields = {
  ...dialect,
  encoding: z.enum(ENCODINGS).optional().describe('How letters are written. Default utf-8.'),
  escape: character('').optional().describe('Makes a quote inside quotes a letter.'),
  comment: z
    .string()
    .min(1)
    .max(4)
    .regex(/^[^\r\n]*$/, 'a line end cannot be it')
    .optional()
    .describe('Lines that begin with it are no records.'),
  skip: z.number().int().min(0).optional().describe('Lines before the first that counts.'),
  skip_end: z.number().int().min(0).optional().describe('Records at the end that do not count.'),
  max_line_bytes: z
    .number()
    .int()
    .min(1)
    .max(512 * 1024 * 1024)
    .optional()
    .describe('Longest record in bytes. Default 2000000.'),
  decimal: character('').optional().describe('What stands before the fraction of a number.'),
  thousands: character('').optional().describe('What groups the digits of a number by three.'),
  date_format: format('date').optional().describe('How dates are written, such as %d/%m/%Y.'),
  timestamp_format: format('timestamp')
    .optional()
    .describe('How points in time are written, such as %d/%m/%Y %H:%M.'),
  true_values: texts.optional().describe('Words that mean true, besides true.'),
  false_values: texts.optional().describe('Words that mean false, besides false.'),
  infer: z.boolean().optional().describe('False: columns that are not declared stay text.'),
  columns: columns
    .optional()
    .describe('Names and SQL types of columns; every value must be one of the type.'),
  types: columns.optional().describe('The same as columns.'),
  other_columns: z
    .enum(['allow', 'refuse'])
    .optional()
    .describe('What to do with columns that are not declared. Default allow.'),
  types_changed: z
    .enum(['warn', 'fail', 'allow'])
    .optional()
    .describe('When an inferred type is another than in the result before. Default warn.'),
  same_columns: z.boolean().optional().describe('Refuse files whose columns differ.'),
  csv: z
    .strictObject({
      ...dialect,
      all_text: z.boolean().optional().describe('The same as infer: false.'),
    })
    .optional()
    .describe('Another place for header, delimiter, quote and null_values.'),
};

/** The options in their one form: `types` and `csv` are other words for some of them. */
export function plainReading({
  types,
  csv = {},
  types_changed: _changed,
  ...options
}: TableOptions): ReadingOptions {
  const { all_text: allText, ...dialectOptions } = csv;
  return {
    ...dialectOptions,
    ...(allText === undefined ? {} : { infer: !allText }),
    ...options,
    ...(types === undefined ? {} : { columns: { ...types, ...options.columns } }),
  };
}
