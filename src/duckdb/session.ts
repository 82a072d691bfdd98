/**
 * A session of queries for one attempt of a step: in the worker's shared instance, or in one of its own.
 *
 * 1. Its queries read the inputs and staged sources they are given, and the attempt folder; nothing else.
 * 2. Nothing it makes is seen by another, and its results do not depend on where it is.
 * 3. `work` may be called twice: what cannot be done in the shared instance is done again from the beginning.
 */

import { join } from 'node:path';

import { openInstance } from './instance.ts';

import type { Scalar } from '../model/plan.ts';
import type { Column } from '../model/column.ts';
import type { Sql, StagedFile, StepInputs } from '../model/attempt-inputs.ts';
import type { Reason } from './connection.ts';
import type { Limits } from './instance.ts';
import type { SharedEngine } from './shared-engine.ts';

export { PLAIN_PATH, quoteName, quotePath, quoteText } from './quoting.ts';

/** Part of the fingerprint of every kind that runs queries. */
export const ENGINE_VERSION = 'duckdb 1.5.5';

export type Row = Readonly<Record<string, Scalar>>;

export type Session = {
  /** A folder that it may read and write: the attempt's. */
  readonly folder: string;
  /** Others use the same instance: only what is temporary may be made. */
  readonly isShared: boolean;
  /** Must be called before a query runs that may reach beyond its tables. On a shared instance it throws. */
  alone(why: string): void;
  /** Runs a statement of ours and answers how many rows it changed. */
  run(sql: Sql | string): Promise<number>;
  /** Makes a temporary table of a query of the user's and answers its rows; mistakes are told by their place in it. */
  keep(table: string, sql: Sql): Promise<number>;
  /** Writes the rows of a query of the user's to a file and answers how many; mistakes are told as by `keep`. */
  copy(sql: Sql, target: CopyTarget): Promise<number>;
  /** Columns of the result of a query of the user's, with the types a table of it would have. */
  describe(sql: Sql): Promise<readonly Column[]>;
  /** Whether a query finds its tables and columns. Runs nothing. */
  binds(text: string): Promise<boolean>;
  /** Rows of a query of ours as JSON scalars; numbers too large for JavaScript are text. */
  rows(sql: Sql | string): Promise<readonly Row[]>;
  /** A single whole number. */
  count(sql: Sql | string): Promise<number>;
  /** Columns of a table or view, in order. */
  columns(table: string): Promise<readonly Column[]>;
};

/**
 * Where `copy` writes. `as` are COPY's own options; `sorted` puts all columns in order, else the query's order holds;
 * `list` is what is written of each row.
 */
export type CopyTarget = {
  readonly path: string;
  readonly as: string;
  readonly sorted: boolean;
  readonly list: string;
};

/** What a session may see and use; an attempt's context is one. */
export type SessionContext = {
  /** Folder of the attempt: it may be read and written. */
  readonly folder: string;
  readonly limits: Limits;
  readonly signal: AbortSignal;
  readonly inputs: StepInputs;
  readonly sources: readonly StagedFile[];
  /** The worker's shared instance, for work that may use it. */
  readonly engine?: SharedEngine;
};

/** Opens a session, lets `work` use it, and closes it whatever happens. @throws StepError, Error */
export async function withSession<T>(
  ctx: SessionContext,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const { sessionOn } = await import('./connection.ts');
  const files = filesOf(ctx);
  const place = await ctx.engine?.enter({
    limits: ctx.limits,
    paths: [ctx.folder, ...files.map(({ path }) => path)],
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
  });
  if (place !== undefined) {
    const reasons: Reason[] = [];
    try {
      return await work(sessionOn(place.connection, ctx, (reason) => void reasons.push(reason)));
    } catch (error) {
      if (reasons.length === 0 || ctx.signal.aborted) throw error;
      if (reasons.some(({ isBroken }) => isBroken)) place.giveUp();
    } finally {
      place.leave();
    }
  }
  const instance = await openInstance({
    limits: ctx.limits,
    reach: { folders: [ctx.folder], files: files.map(({ path }) => path) },
    spill: join(ctx.folder, 'spill'),
  });
  try {
    const connection = await instance.connect();
    try {
      return await work(sessionOn(connection, ctx));
    } finally {
      connection.closeSync();
    }
  } finally {
    instance.closeSync();
  }
}

function filesOf(
  ctx: SessionContext,
): readonly { readonly path: string; readonly bytes: number }[] {
  return [
    ...Object.values(ctx.inputs).flatMap(({ outputs }) => Object.values(outputs)),
    ...ctx.sources,
  ];
}
