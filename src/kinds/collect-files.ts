/** `collect.files`: brings files from outside in as one table; the bytes it copied are what it hashed. */

import { join } from 'node:path';

import { z } from 'zod';

import { MAIN_OUTPUT } from '../model/plan.ts';
import {
  ENGINE_VERSION,
  PLAIN_PATH,
  quoteName,
  quotePath,
  quoteText,
  withSession,
} from '../duckdb/session.ts';
import { writeTable } from '../duckdb/write.ts';
import { compressionOf, mustBeWhole } from '../duckdb/compressed.ts';
import { csvSettings } from '../duckdb/csv-dialect.ts';
import { takeOver } from './collect-parquet.ts';
import { declaredColumns } from './declared-columns.ts';
import { defineStep } from './contract.ts';
import { StepError } from '../model/step-error.ts';

import type { StepContext, StepReturn } from './contract.ts';
import type { WrittenTable } from '../duckdb/write.ts';
import type { StagedFile } from '../model/attempt-inputs.ts';

const FORMATS = ['csv', 'json', 'jsonl', 'parquet'] as const;
type FileFormat = (typeof FORMATS)[number];

type Options = {
  readonly from: string | readonly string[];
  readonly format: FileFormat | 'auto';
  readonly csv?: {
    readonly header?: boolean;
    readonly delimiter?: string;
    readonly quote?: string;
    readonly null_values?: readonly string[];
    readonly all_text?: boolean;
  };
  readonly types?: Readonly<Record<string, string>>;
  readonly filename_column?: string;
};

const schema = z.strictObject({
  from: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)], {
      error: 'expected a path or glob, or a list of them',
    })
    .describe('Paths or globs, relative to the job file, or ${{ inputs.x }}.'),
  format: z
    .enum(['auto', ...FORMATS])
    .default('auto')
    .describe('auto: by the file name.'),
  csv: z
    .strictObject({
      header: z.boolean().optional(),
      delimiter: z.string().min(1).max(4).optional(),
      quote: z.string().length(1).optional(),
      null_values: z.array(z.string()).optional().describe('Texts that mean null.'),
      all_text: z.boolean().optional().describe('Leave every column as text.'),
    })
    .optional(),
  types: z
    .record(
      z.string(),
      z
        .string()
        .regex(/^[A-Za-z][A-Za-z0-9_(), ]*$/, 'expected an SQL type, such as DECIMAL(10, 2)'),
    )
    .optional()
    .describe('SQL types of columns that must not be guessed.'),
  filename_column: z.string().min(1).optional().describe('Adds the base name of each file.'),
});

export const collectFiles = defineStep<Options>({
  kind: 'collect.files',
  version: `4 ${ENGINE_VERSION}`,
  summary: 'Brings CSV, JSON, JSON Lines or Parquet files in as one table.',
  schema,
  roles: {
    paths: ['from', 'from.*'],
    types: ['columns.*', 'columns.*.type', 'types.*', 'types.*.type'],
  },
  outputs: () => [MAIN_OUTPUT],
  values: () => ['rows', 'files'],
  columns: (options) => ({ [MAIN_OUTPUT]: declaredColumns(options, options.filename_column) }),
  sources: (options) => (typeof options.from === 'string' ? [options.from] : options.from),
  run: async (options, ctx) =>
    withSession(ctx, async (session) => {
      const alone = asItIs(options, ctx.sources);
      if (alone !== undefined) {
        const taken = await takeOver(session, alone).catch((error: unknown) => {
          throw ctx.signal.aborted ? error : explain(error, alone);
        });
        return collected(taken, ctx);
      }
      const parts: string[] = [];
      for (const file of ctx.sources) {
        const part = `part_${parts.length}`;
        await mustBeWhole(file, ctx.signal);
        const reader = await readerOf(options, file);
        await session
          .run(`create temp table ${part} as select *${nameColumn(options, file)} from ${reader}`)
          .catch((error: unknown) => {
            throw ctx.signal.aborted ? error : explain(error, file);
          });
        parts.push(part);
      }
      const all = parts.map((part) => `select * from ${part}`).join(' union all by name ');
      await session.run(`create temp table collected as ${all}`);
      const written = await writeTable(
        session,
        'collected',
        join(ctx.folder, 'table.parquet'),
        'as it is',
      );
      return collected(written, ctx);
    }),
});

/** The one file that can be taken over without a change. */
function asItIs(options: Options, sources: readonly StagedFile[]): StagedFile | undefined {
  const [file, more] = sources;
  if (file === undefined || more !== undefined || formatOf(options, file) !== 'parquet')
    return undefined;
  const isPlain = options.types === undefined && options.filename_column === undefined;
  return isPlain ? file : undefined;
}

function collected(table: WrittenTable, ctx: StepContext): StepReturn {
  const { rows, columns } = table;
  ctx.log(`${ctx.sources.length} files, ${rows} rows, ${columns.length} columns`);
  return {
    outputs: { [MAIN_OUTPUT]: table },
    values: { rows, files: ctx.sources.length },
    rows: { in: rows, out: rows },
  };
}

function nameColumn(options: Options, file: StagedFile): string {
  if (options.filename_column === undefined) return '';
  return `, ${quoteText(baseName(file))} as ${quoteName(options.filename_column)}`;
}

function baseName(file: StagedFile): string {
  return file.original.split('/').at(-1) ?? file.original;
}

async function readerOf(options: Options, file: StagedFile): Promise<string> {
  const path = `${quotePath(file.path)}, ${PLAIN_PATH}`;
  const compression = `compression = ${quoteText(compressionOf(baseName(file)))}`;
  const types = Object.entries(options.types ?? {});
  const typed = types
    .map(([column, type]) => `${quoteText(column)}: ${quoteText(type)}`)
    .join(', ');
  switch (formatOf(options, file)) {
    case 'csv': {
      const { csv = {} } = options;
      const settings = [
        ...(await csvSettings(file.path, baseName(file), csv)),
        compression,
        'sample_size = -1',
        csv.null_values === undefined
          ? ''
          : `nullstr = [${csv.null_values.map(quoteText).join(', ')}]`,
        csv.all_text === true ? 'all_varchar = true' : '',
        types.length === 0 ? '' : `types = {${typed}}`,
      ];
      return `read_csv(${[path, ...settings.filter((s) => s !== '')].join(', ')})`;
    }
    case 'json':
    case 'jsonl': {
      const shape = formatOf(options, file) === 'jsonl' ? 'newline_delimited' : 'auto';
      const reader = `read_json(${path}, format = '${shape}', sample_size = -1, ${compression})`;
      return types.length === 0 ? reader : castOf(reader, types);
    }
    case 'parquet':
      return types.length === 0 ? `read_parquet(${path})` : castOf(`read_parquet(${path})`, types);
  }
}

function castOf(reader: string, types: readonly (readonly [string, string])[]): string {
  const casts = types.map(
    ([column, type]) => `cast(${quoteName(column)} as ${type}) as ${quoteName(column)}`,
  );
  return `(select * replace (${casts.join(', ')}) from ${reader})`;
}

function formatOf(options: Options, file: StagedFile): FileFormat {
  if (options.format !== 'auto') return options.format;
  const name = baseName(file)
    .toLowerCase()
    .replace(/\.(gz|zst)$/, '');
  if (/\.(csv|tsv|txt)$/.test(name)) return 'csv';
  if (/\.(jsonl|ndjson)$/.test(name)) return 'jsonl';
  if (name.endsWith('.json')) return 'json';
  if (/\.(parquet|pq)$/.test(name)) return 'parquet';
  throw new StepError(
    'BAD_INPUT_DATA',
    `the format of ${baseName(file)} cannot be told from its name; give format: ${FORMATS.join(' or ')}`,
  );
}

function explain(error: unknown, file: StagedFile): unknown {
  // Node has just read all of a compressed file: what DuckDB cannot read of it is its content, not the disk.
  const isData = error instanceof StepError || compressionOf(baseName(file)) !== 'uncompressed';
  if (!isData || (error instanceof StepError && error.code === 'OUT_OF_SPACE')) return error;
  const said = (error as Error).message.replaceAll(file.path, file.original);
  return new StepError('BAD_INPUT_DATA', `${file.original} cannot be read: ${said}`, {
    cause: error,
  });
}
