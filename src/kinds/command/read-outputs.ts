/** Reads the tables that a command wrote, as every table from outside is read. */

import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { twinOf } from '../../duckdb/inputs.ts';
import { readingOf } from '../../duckdb/reader/reading.ts';
import { lookThrough } from '../../duckdb/reader/parquet-table.ts';
import { readTexts } from '../../duckdb/reader/read-texts.ts';
import { withSession } from '../../duckdb/session.ts';
import { StepError } from '../../model/step-error.ts';
import { plainReading } from '../reading-options.ts';
import { changedTypes } from '../types-changed.ts';

import type { Session } from '../../duckdb/session-port.ts';
import type { DeclaredOutput } from './collect-outputs.ts';
import type { StepContext, StepOutput } from '../contract.ts';

type Outputs = Readonly<Record<string, StepOutput>>;

/**
 * The outputs, and beside each text that is a table its twin as Parquet: commands get the text as it was written,
 * queries the table. @throws StepError BAD_INPUT_DATA where one is none
 */
export async function readOutputs(
  outputs: Outputs,
  declared: Readonly<Record<string, DeclaredOutput>>,
  ctx: StepContext,
): Promise<Outputs> {
  const read: Record<string, StepOutput> = {};
  for (const [name, output] of Object.entries(outputs)) {
    const { path, format } = output;
    read[name] = output;
    if (format !== 'parquet' && format !== 'csv' && format !== 'json' && format !== 'jsonl')
      continue;
    const { path: shown, format: _format, ...options } = declared[name] ?? { path: name };
    const { size } = await stat(path);
    if (size === 0) {
      ctx.log(`the output '${name}' is empty, so it is no table`);
      continue;
    }
    const file = { original: shown, path, sha256: '', bytes: size };
    const onProgress = (): void => ctx.signal.throwIfAborted();
    const folder = join(ctx.folder, '.tables', name);
    if (format === 'parquet') {
      await mkdir(folder, { recursive: true });
      const scratch = join(folder, 'finest.parquet');
      const found = await asTable(name, ctx, (session) =>
        lookThrough(session, file, scratch, onProgress),
      );
      read[name] = { ...output, ...found };
      continue;
    }
    const target = join(folder, 'table.parquet');
    const table = await asTable(name, ctx, (session) =>
      readTexts(session, [{ file, format }], readingOf(plainReading(options)), {
        folder,
        target,
        log: ctx.log,
        onProgress,
      }),
    );
    read[name] = { ...output, rows: table.rows, columns: table.columns };
    read[twinOf(name)] = table;
    await changedTypes(options, name, table.columns, ctx);
  }
  return read;
}

function asTable<T>(
  name: string,
  ctx: StepContext,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  return withSession({ ...ctx, folder: ctx.folder }, work).catch((error: unknown) => {
    throw explain(error, name);
  });
}

function explain(error: unknown, name: string): unknown {
  if (!(error instanceof StepError) || error.code !== 'BAD_INPUT_DATA') return error;
  return new StepError(
    error.code,
    `the output '${name}' is no table: ${error.message}. If it is to be none, give \`format: file\``,
    { cause: error },
  );
}
