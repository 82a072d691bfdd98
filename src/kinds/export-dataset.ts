/** `export.dataset`: writes a table as files of the delivery, with a data dictionary if wanted. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { artifactOf, showInputs, tableSql } from '../duckdb/inputs.ts';
import { AS_LINES, jsonLine, mustBeJson } from '../duckdb/json-safe.ts';
import {
  ENGINE_VERSION,
  PLAIN_PATH,
  quoteName,
  quotePath,
  quoteText,
  withSession,
} from '../duckdb/session.ts';
import { explainUnkept, keepingOf } from '../duckdb/kept/kept-table.ts';
import { isOurs } from '../duckdb/parquet.ts';
import { asItIs } from '../duckdb/write.ts';
import { tableName } from './option-types.ts';
import { defineStep } from './contract.ts';
import { StepError } from '../model/step-error.ts';

import type { Session } from '../duckdb/session-port.ts';
import type { StepContext, StepOutput } from './contract.ts';
import type { Column } from '../model/column.ts';

const FORMATS = ['parquet', 'csv', 'jsonl'] as const;
type ExportFormat = (typeof FORMATS)[number];

type Options = {
  readonly from: string;
  readonly name?: string;
  readonly formats: readonly ExportFormat[];
  readonly dictionary?: Readonly<Record<string, string>>;
};

/** Of so few rows all columns are counted at once; of more one by one, for the memory that their values take. */
const FEW_ROWS = 100_000;

const TEXT_OPTIONS = Object.freeze({
  csv: `(format csv, header true, delimiter ',', quote '"', escape '"', nullstr '')`,
  jsonl: '(format json, array false)',
});

const schema = z.strictObject({
  from: tableName().describe('The table to export: step or step.output.'),
  name: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/,
      'expected a file name without extension, such as airports',
    )
    .max(200)
    .optional()
    .describe('File name without extension; default: the step it comes from.'),
  formats: z
    .array(z.enum(FORMATS))
    .min(1)
    .default(['parquet'])
    .refine((all) => new Set(all).size === all.length, { error: 'a format is named twice' }),
  dictionary: z
    .record(z.string(), z.string())
    .optional()
    .describe('Column to description: adds <name>.dictionary.json.'),
});

export const exportDataset = defineStep<Options>({
  kind: 'export.dataset',
  version: `4 ${ENGINE_VERSION}`,
  summary: 'Writes a table as Parquet, CSV or JSON Lines into the delivery.',
  schema,
  roles: { tables: ['from'] },
  checkOptions: ({ from, dictionary = {} }, tables) => {
    const table = tables[from];
    if (table === undefined || !table.isAll) return [];
    const names = table.columns.map(({ name }) => name);
    return Object.keys(dictionary)
      .filter((name) => !names.includes(name))
      .map((name) => ({
        path: ['dictionary', name],
        message: `there is no column '${name}'; ${from} has ${names.join(', ')}`,
      }));
  },
  values: () => ['rows'],
  columns: ({ from, formats }, { table }) =>
    Object.fromEntries(formats.map((format) => [format, table(from)])),
  outputs: (options) => [
    ...options.formats,
    ...(options.dictionary === undefined ? [] : ['dictionary']),
  ],
  exports: (options) => [
    ...options.formats.map((format) => `${nameOf(options)}.${format}`),
    ...(options.dictionary === undefined ? [] : [`${nameOf(options)}.dictionary.json`]),
  ],
  run: async (options, ctx) =>
    withSession(ctx, async (session) => {
      await showInputs(session, ctx.inputs, [options.from]);
      const source = await sourceOf(session, options.from, ctx);
      const columns = await session.columns(source.table);
      if (options.formats.includes('jsonl')) await mustBeJson(session, source.table, columns);
      const outputs: Record<string, StepOutput> = {};
      let rows = 0;
      for (const format of options.formats) {
        const written = await exported(session, source, format, ctx.folder);
        rows = written.rows;
        outputs[format] = {
          ...written,
          format,
          columns: written.columns,
          deliver: `${nameOf(options)}.${format}`,
          from: options.from,
        };
      }
      if (options.dictionary !== undefined) {
        const path = join(ctx.folder, 'dictionary.json');
        await writeFile(
          path,
          await dictionaryOf(session, { table: source.table, rows }, options, columns),
        );
        outputs['dictionary'] = {
          path,
          format: 'file',
          deliver: `${nameOf(options)}.dictionary.json`,
          from: options.from,
        };
      }
      ctx.log(`${rows} rows as ${options.formats.join(', ')}`);
      return { outputs, values: { rows }, rows: { in: rows, out: rows } };
    }),
});

function nameOf({ name, from }: Options): string {
  return name ?? from.replace('.', '_');
}

/** What is exported, as SQL. */
type Source = {
  readonly table: string;
  /** Its rows come in the table's order when they are simply read. */
  readonly isInOrder: boolean;
  /** A file that is just what an export as Parquet would write. */
  readonly parquet?: string;
};

async function sourceOf(session: Session, from: string, ctx: StepContext): Promise<Source> {
  const table = tableSql(from, ctx.inputs);
  const artifact = artifactOf(from, ctx.inputs);
  if (artifact?.format === 'parquet' && (await isOurs(session, artifact.path))) {
    return { table, isInOrder: true, parquet: artifact.path };
  }
  await session.run(`create temp table _exported as from ${table}`);
  return { table: '_exported', isInOrder: false };
}

type Exported = {
  readonly path: string;
  readonly rows: number;
  /** As they stand in the file. */
  readonly columns: readonly Column[];
};

async function exported(
  session: Session,
  { table, isInOrder, parquet }: Source,
  format: ExportFormat,
  folder: string,
): Promise<Exported> {
  const columns = await session.columns(table);
  const { list, as, stored } = keepingOf(columns);
  if (format === 'parquet' && parquet !== undefined && (await isStored(session, parquet, stored))) {
    const rows = await session.count(`select count(*) from ${table}`);
    return { path: parquet, rows, columns: stored };
  }
  const path = join(folder, `export.${format}`);
  const query = isInOrder ? `from ${table}` : asItIs(table, columns);
  if (format === 'parquet') {
    const whole = list === '*' ? query : `select ${list} from (${query})`;
    const rows = await session
      .run(`copy (${whole}) to ${quoteText(path)} ${as}`)
      .catch((error: unknown) => {
        throw explainUnkept(error);
      });
    return { path, rows, columns: stored };
  }
  const line = format === 'jsonl' ? jsonLine(columns) : undefined;
  if (line === undefined) {
    const rows = await session.run(`copy (${query}) to ${quoteText(path)} ${TEXT_OPTIONS[format]}`);
    return { path, rows, columns };
  }
  // A table that is simply read comes in its order; what stands below another SELECT need not.
  if (!isInOrder) await session.run(`create or replace temp table _ordered as ${query}`);
  const rows = await session.run(
    `copy (select ${line} from ${isInOrder ? table : '_ordered'}) to ${quoteText(path)} ${AS_LINES}`,
  );
  return { path, rows, columns };
}

/** Whether a file holds these types: what is read from outside may be kept in another form than what is exported. */
async function isStored(
  session: Session,
  path: string,
  stored: readonly Column[],
): Promise<boolean> {
  const found = await session.columns(`read_parquet(${quotePath(path)}, ${PLAIN_PATH})`);
  return found.every(({ type }, i) => type === stored[i]?.type);
}

async function dictionaryOf(
  session: Session,
  source: { readonly table: string; readonly rows: number },
  options: Options,
  columns: readonly Column[],
): Promise<string> {
  const unknown = Object.keys(options.dictionary ?? {}).find(
    (name) => !columns.some((c) => c.name === name),
  );
  if (unknown !== undefined) {
    throw new StepError(
      'BAD_OPTION',
      `dictionary describes '${unknown}', which is not a column of ${options.from}; its columns: ${columns.map((c) => c.name).join(', ')}`,
    );
  }
  const facts = await factsOf(session, source, columns);
  const entries = columns.map(({ name, type }, i) => ({
    column: name,
    type,
    ...(options.dictionary?.[name] === undefined ? {} : { description: options.dictionary[name] }),
    ...facts[i],
  }));
  return `${JSON.stringify({ table: nameOf(options), columns: entries }, null, 2)}\n`;
}

/** What is told of each column, in order. */
async function factsOf(
  session: Session,
  { table, rows }: { readonly table: string; readonly rows: number },
  columns: readonly Column[],
): Promise<readonly object[]> {
  const facts: object[] = [];
  const atOnce = rows <= FEW_ROWS ? columns.length : 1;
  for (let from = 0; from < columns.length; from += atOnce) {
    const some = columns.slice(from, from + atOnce).map(({ name }) => quoteName(name));
    const [told] = await session.rows(
      `select ${some
        .map(
          (column, i) =>
            `count(*) - count(${column}) as n${i}, count(distinct ${column}) as d${i}, cast(min(${column}) as varchar) as l${i}, cast(max(${column}) as varchar) as g${i}`,
        )
        .join(', ')} from ${table}`,
    );
    for (const i of some.keys()) {
      facts.push({
        nulls: Number(told?.[`n${i}`]),
        distinct: Number(told?.[`d${i}`]),
        min: told?.[`l${i}`],
        max: told?.[`g${i}`],
      });
    }
  }
  return facts;
}
