/** What can be asked of a session, and what one is opened with. Pure types. */

import type { Limits } from './instance.ts';
import type { Scalar } from '../model/json.ts';
import type { Sql, StepInputs, StagedFile } from '../model/attempt-inputs.ts';
import type { Column } from '../model/column.ts';
import type { SharedEngine } from './shared-engine.ts';

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

/** Why work begun on a shared instance must be done again in one of its own. */
export type Reason = { readonly why: string; readonly isBroken: boolean };
