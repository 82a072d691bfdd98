/** What binds queries for the checks: an engine that looks at them and runs nothing. Pure types. */

import type { Sql } from './attempt-inputs.ts';
import type { ErrorCode } from './error-codes.ts';
import type { KnownTable } from './known-table.ts';

/** A table that a query may name: `step` or `step.output`. Its shape is undefined where nothing is known of it. */
export type VisibleTable = { readonly name: string; readonly shape: KnownTable | undefined };

/** Tables that a query may name. */
export type Visible = {
  readonly tables: readonly VisibleTable[];
  /** False: there are tables whose names are not known. */
  readonly isComplete: boolean;
};

export type BindRequest = Sql & Visible;

/** What is wrong with a query. */
export type BindProblem = {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string | undefined;
  /** Offset in the UTF-8 of the text; undefined: it is about the whole. */
  readonly byte?: number | undefined;
  /** The table it does not find. */
  readonly unknownTable?: string;
};

export type Bound =
  | { readonly problem: BindProblem }
  /** Undefined: its result cannot be told. */
  | { readonly problem?: undefined; readonly shape: KnownTable | undefined };

export type Binder = {
  bind(request: BindRequest): Promise<Bound>;
  /** True if the text is one SQL expression by itself. */
  isExpression(text: string): Promise<boolean>;
  /** True if the text is an SQL type. */
  isType(text: string): Promise<boolean>;
};
