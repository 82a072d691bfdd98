/**
 * One DuckDB instance for one attempt of a step, locked in.
 *
 * 1. It reads the inputs and staged sources it is given, and its attempt folder; nothing else.
 * 2. Its clock is UTC, its memory and threads are fixed, and what does not fit spills into the attempt folder.
 * 3. A query that is told to stop is interrupted until it settles; the instance is closed only then.
 */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { errorOf } from './sql-error.ts';
import { StepError } from '../model/step-error.ts';

import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import type { Scalar } from '../model/plan.ts';
import type { Column } from '../model/column.ts';
import type { Sql, StagedFile, StepInputs } from '../model/attempt-inputs.ts';

/** Part of the fingerprint of every kind that runs queries. */
export const ENGINE_VERSION = 'duckdb 1.5.5';

export type Row = Readonly<Record<string, Scalar>>;

export type Session = {
  /** Runs a statement of ours and answers how many rows it changed. */
  run(sql: Sql | string): Promise<number>;
  /** Makes a temporary table of a query of the user's; mistakes are told by their place in that query. */
  keep(table: string, sql: Sql): Promise<void>;
  /** Rows of a query of ours as JSON scalars; numbers too large for JavaScript are text. */
  rows(sql: Sql | string): Promise<readonly Row[]>;
  /** A single whole number. */
  count(sql: Sql | string): Promise<number>;
  /** Columns of a table or view, in order. */
  columns(table: string): Promise<readonly Column[]>;
};

/** What a session may see and use; an attempt's context is one. */
export type SessionContext = {
  /** Folder of the attempt: it may be read and written. */
  readonly folder: string;
  readonly limits: { readonly memoryBytes: number; readonly threads: number };
  readonly signal: AbortSignal;
  readonly inputs: StepInputs;
  readonly sources: readonly StagedFile[];
};

const INTERRUPT_EVERY_MS = 20;

/** Opens a session, lets `work` use it, and closes it whatever happens. @throws StepError, Error */
export async function withSession<T>(
  ctx: SessionContext,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const duckdb = await import('@duckdb/node-api');
  const spill = join(ctx.folder, 'spill');
  await mkdir(spill, { recursive: true });
  const instance = await duckdb.DuckDBInstance.create(':memory:', {
    threads: String(ctx.limits.threads),
    memory_limit: `${Math.floor(ctx.limits.memoryBytes / 1024)}KiB`,
    temp_directory: spill,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  const connection = await instance.connect();
  try {
    await lockIn(connection, ctx);
    return await work(sessionOn(connection, ctx.signal));
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function lockIn(connection: DuckDBConnection, ctx: SessionContext): Promise<void> {
  const files = [
    ...Object.values(ctx.inputs).flatMap((input) =>
      Object.values(input.outputs).map((o) => o.path),
    ),
    ...ctx.sources.map((source) => source.path),
  ];
  const list = (paths: readonly string[]): string => `[${paths.map(quoteText).join(', ')}]`;
  for (const setting of [
    `set TimeZone = 'UTC'`,
    `set allowed_directories = ${list([`${ctx.folder}/`])}`,
    `set allowed_paths = ${list([...files, ...files.map(literalPath)])}`,
    'set enable_external_access = false',
    'set errors_as_json = true',
    'set lock_configuration = true',
  ]) {
    await connection.run(setting);
  }
}

function sessionOn(connection: DuckDBConnection, signal: AbortSignal): Session {
  const settled = async <T>(
    sql: Sql | string,
    start: (text: string, binds: Binds | undefined) => Promise<T>,
    before = '',
  ): Promise<T> => {
    signal.throwIfAborted();
    const { text, binds } = typeof sql === 'string' ? { text: sql, binds: {} } : sql;
    let timer: NodeJS.Timeout | undefined;
    const interrupt = (): void => {
      connection.interrupt();
      timer ??= setInterval(() => connection.interrupt(), INTERRUPT_EVERY_MS);
    };
    signal.addEventListener('abort', interrupt, { once: true });
    try {
      return await start(
        before + text,
        Object.keys(binds).length === 0 ? undefined : bindable(binds),
      );
    } catch (error) {
      if (signal.aborted) throw new Error('the query was interrupted', { cause: error });
      throw errorOf(error, text, before);
    } finally {
      signal.removeEventListener('abort', interrupt);
      clearInterval(timer);
    }
  };
  const rows = (sql: Sql | string): Promise<readonly Row[]> =>
    settled(sql, async (text, binds) => {
      const reader = await connection.runAndReadAll(text, binds);
      return reader.getRowObjectsJson() as readonly Row[];
    });
  return {
    run: (sql) =>
      settled(sql, async (text, binds) => (await connection.run(text, binds)).rowsChanged),
    keep: async (table, sql) => {
      const start = (text: string, binds: Binds | undefined) => connection.run(text, binds);
      await settled(sql, start, `create or replace temp table ${table} as `);
    },
    rows,
    count: async (sql) => Number(Object.values((await rows(sql))[0] ?? {})[0] ?? 0),
    columns: async (table) =>
      (await rows(`describe from ${table}`)).map((row) => ({
        name: String(row['column_name']),
        type: String(row['column_type']),
      })),
  };
}

type Binds = Record<string, DuckDBValue>;

/** A whole number beyond 32 bits must arrive as a BIGINT, any other number as it is. */
function bindable(binds: Readonly<Record<string, Scalar>>): Binds {
  return Object.fromEntries(
    Object.entries(binds).map(([name, value]) => {
      if (typeof value === 'number' && !Number.isFinite(value)) {
        throw new StepError('BAD_VALUE', `the value of ${name} is not a finite number`);
      }
      return [name, value];
    }),
  );
}

/** An option of every reader: a folder of the store named `k=v` makes no column. */
export const PLAIN_PATH = 'hive_partitioning = false';

/** A file to read as an SQL literal: to a reader of DuckDB a bare path is a pattern. */
export function quotePath(path: string): string {
  return quoteText(literalPath(path));
}

/** A path as the pattern that means it alone. */
function literalPath(path: string): string {
  return path.replaceAll(/[*?[]/g, '[$&]');
}

/** A text as an SQL literal. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A name as an SQL identifier. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
