/** `collect.files`: brings files from outside in as one table; the bytes it copied are what it hashed. */

import { join } from 'node:path';

import { z } from 'zod';

import { globTest } from '../model/glob.ts';
import { MAIN_OUTPUT } from '../model/plan.ts';
import { ENGINE_VERSION, withSession } from '../duckdb/session.ts';
import { fileColumnsOf } from '../duckdb/reader/file-columns.ts';
import { readingOf } from '../duckdb/reader/reading.ts';
import { readParquet } from '../duckdb/reader/parquet-table.ts';
import { readTexts } from '../duckdb/reader/read-texts.ts';
import { unzipped } from '../duckdb/reader/unzip.ts';
import { plainReading, readingFields } from './reading-options.ts';
import { refuseClashes } from './reading-clashes.ts';
import { changedTypes } from './types-changed.ts';
import { declaredColumns } from './declared-columns.ts';
import { defineStep } from './contract.ts';
import { StepError } from '../model/step-error.ts';

import type { Session } from '../duckdb/session-port.ts';
import type { WrittenTable } from '../duckdb/write.ts';
import type { Reading } from '../duckdb/reader/reading.ts';
import type { FileColumnOptions } from '../duckdb/reader/file-columns.ts';
import type { FileColumn } from '../duckdb/reader/table-sql.ts';
import type { StepContext } from './contract.ts';
import type { TableOptions } from './reading-options.ts';
import type { StagedFile } from '../model/attempt-inputs.ts';

const FORMATS = ['csv', 'json', 'jsonl', 'parquet'] as const;
type FileFormat = (typeof FORMATS)[number];

type Options = TableOptions &
  FileColumnOptions & {
    readonly from: string | readonly string[];
    readonly format: FileFormat | 'auto';
    readonly inside?: string | readonly string[];
  };

const schema = z
  .strictObject({
    from: z
      .union([z.string().min(1), z.array(z.string().min(1)).min(1)], {
        error: 'expected a path or glob, or a list of them',
      })
      .describe('Paths or globs, relative to the job file, or ${{ inputs.x }}.'),
    format: z
      .enum(['auto', ...FORMATS])
      .default('auto')
      .describe('auto: by the file name.'),
    inside: z
      .union([z.string().min(1), z.array(z.string().min(1)).min(1)], {
        error: 'expected a name or glob, or a list of them',
      })
      .optional()
      .describe('Which files of zip archives: names or globs. Default: all.'),
    ...readingFields,
    filename_column: z
      .union([
        z.string().min(1),
        z.strictObject({
          name: z.string().min(1),
          path: z.boolean().optional().describe('The path below the start of the pattern.'),
        }),
      ])
      .optional()
      .describe('Adds the base name of each file, or its path.'),
    hive: z.boolean().optional().describe('Adds a column for each folder named key=value.'),
  })
  .superRefine(refuseClashes);

export const collectFiles = defineStep<Options>({
  kind: 'collect.files',
  version: `7 ${ENGINE_VERSION}`,
  summary: 'Brings CSV, JSON, JSON Lines or Parquet files in as one table.',
  schema,
  roles: {
    paths: ['from', 'from.*'],
    types: ['columns.*', 'columns.*.type', 'types.*', 'types.*.type'],
  },
  outputs: () => [MAIN_OUTPUT],
  values: () => ['rows', 'files'],
  columns: (options) => {
    const { filename_column: named, hive } = options;
    const known = declaredColumns(options, typeof named === 'object' ? named.name : named);
    // Folders may give columns beside.
    return {
      [MAIN_OUTPUT]: hive === true && known !== undefined ? { ...known, isAll: false } : known,
    };
  },
  sources: (options) => (typeof options.from === 'string' ? [options.from] : options.from),
  columnsAt: () => ['columns'],
  onlyReads: true,
  sourcePlaces: ({ hive, filename_column: named }) =>
    hive === true || (typeof named === 'object' && named.path === true),
  run: async (options, ctx) =>
    withSession(ctx, async (session) => {
      const {
        from: _from,
        format: _format,
        filename_column: _name,
        hive: _hive,
        inside: _inside,
        ...table
      } = options;
      const reading = readingOf(plainReading(table));
      const sources = await unzipped(ctx.sources, {
        folder: ctx.folder,
        isWanted: insideTest(options),
        onProgress: () => goOn(ctx),
      });
      if (options.inside !== undefined && !sources.some((one) => !ctx.sources.includes(one))) {
        throw new StepError('BAD_OPTION', 'inside: none of the files is a zip archive');
      }
      const written = await read(session, options, reading, { sources, ctx });
      ctx.log(`${sources.length} files, ${written.rows} rows, ${written.columns.length} columns`);
      // What must fail for it fails before anything is stored; a warning is one of this time alone.
      await changedTypes(options, MAIN_OUTPUT, written.columns, ctx);
      return {
        outputs: { [MAIN_OUTPUT]: written },
        values: { rows: written.rows, files: sources.length },
        rows: { in: written.rows, out: written.rows },
      };
    }),
  conditions: async (options, { columns }, ctx) => {
    const warning = await changedTypes(options, MAIN_OUTPUT, columns?.[MAIN_OUTPUT] ?? [], ctx);
    return warning === undefined ? undefined : { warning };
  },
});

async function read(
  session: Session,
  options: Options,
  reading: Reading,
  { sources, ctx }: { readonly sources: readonly StagedFile[]; readonly ctx: StepContext },
): Promise<WrittenTable> {
  const path = join(ctx.folder, 'table.parquet');
  const files = sources.map((file) => ({ file, format: formatOf(options, file) }));
  const named = (of: readonly StagedFile[]): readonly FileColumn[] => fileColumnsOf(of, options);
  const onProgress = (): void => goOn(ctx);
  const texts = files.flatMap(({ file, format }) =>
    format === 'parquet' ? [] : [{ file, format }],
  );
  if (texts.length === 0) {
    return readParquet(session, sources, reading, named(sources), path, onProgress);
  }
  if (texts.length < files.length) {
    throw new StepError(
      'BAD_INPUT_DATA',
      'some of the files are Parquet and some are text; collect them in two steps',
    );
  }
  return readTexts(session, texts, reading, {
    folder: ctx.folder,
    target: path,
    log: ctx.log,
    onProgress,
    fileColumns: (parts) => named(parts.map(({ file }) => file)),
  });
}

/** Work goes on, unless it is to stop. @throws the reason to stop */
function goOn({ signal, progress }: StepContext): void {
  signal.throwIfAborted();
  progress?.();
}

/** Whether `inside` means a file of an archive: by its path there, or where the glob has no folder by its name. */
function insideTest({ inside }: Options): ((path: string) => boolean) | undefined {
  if (inside === undefined) return undefined;
  const globs = typeof inside === 'string' ? [inside] : inside;
  const tests = globs.map((glob) => ({ test: globTest(glob), isName: !glob.includes('/') }));
  return (path) =>
    tests.some(({ test, isName }) => test.test(isName ? (path.split('/').at(-1) ?? path) : path));
}

function baseName(file: StagedFile): string {
  return file.original.split('/').at(-1) ?? file.original;
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
