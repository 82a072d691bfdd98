/** `export.dataset`: writes a table as files of the delivery, with a data dictionary if wanted. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { showInputs, tableSql } from '../duckdb/inputs.ts';
import { ENGINE_VERSION, quoteName, quoteText, withSession } from '../duckdb/session.ts';
import { asItIs, PARQUET } from '../duckdb/write.ts';
import { tableName } from './option-types.ts';
import { defineStep } from './contract.ts';
import { StepError } from '../model/step-error.ts';

import type { Session } from '../duckdb/session.ts';
import type { StepOutput } from './contract.ts';
import type { Column } from '../model/column.ts';

const FORMATS = ['parquet', 'csv', 'jsonl'] as const;
type ExportFormat = (typeof FORMATS)[number];

type Options = {
  readonly from: string;
  readonly name?: string;
  readonly formats: readonly ExportFormat[];
  readonly dictionary?: Readonly<Record<string, string>>;
};

const COPY_OPTIONS: Readonly<Record<ExportFormat, string>> = Object.freeze({
  parquet: PARQUET,
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
  version: `2 ${ENGINE_VERSION}`,
  summary: 'Writes a table as Parquet, CSV or JSON Lines into the delivery.',
  schema,
  roles: { tables: ['from'], columns: [{ at: 'dictionary', of: 'from', keys: true }] },
  values: () => ['rows'],
  shapes: ({ from, formats }, { table }) =>
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
      await showInputs(session, ctx.inputs);
      const table = tableSql(options.from, ctx.inputs);
      const columns = await session.columns(table);
      await session.run(`create temp table exported as from ${table}`);
      const outputs: Record<string, StepOutput> = {};
      let rows = 0;
      for (const format of options.formats) {
        const path = join(ctx.folder, `export.${format}`);
        rows = await session.run(
          `copy (${asItIs('exported', columns)}) to ${quoteText(path)} ${COPY_OPTIONS[format]}`,
        );
        outputs[format] = {
          path,
          format,
          rows,
          columns,
          deliver: `${nameOf(options)}.${format}`,
          from: options.from,
        };
      }
      if (options.dictionary !== undefined) {
        const path = join(ctx.folder, 'dictionary.json');
        await writeFile(path, await dictionaryOf(session, options, columns));
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

async function dictionaryOf(
  session: Session,
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
  const entries: unknown[] = [];
  for (const { name, type } of columns) {
    const column = quoteName(name);
    const [facts] = await session.rows(
      `select count(*) - count(${column}) as nulls, count(distinct ${column}) as distinct_values, cast(min(${column}) as varchar) as least, cast(max(${column}) as varchar) as greatest from exported`,
    );
    entries.push({
      column: name,
      type,
      ...(options.dictionary?.[name] === undefined
        ? {}
        : { description: options.dictionary[name] }),
      nulls: Number(facts?.['nulls']),
      distinct: Number(facts?.['distinct_values']),
      min: facts?.['least'],
      max: facts?.['greatest'],
    });
  }
  return `${JSON.stringify({ table: nameOf(options), columns: entries }, null, 2)}\n`;
}
