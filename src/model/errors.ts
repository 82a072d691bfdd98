/** Errors a user can act on. Everything else is a bug and keeps its stack. Pure. */

import type { ErrorCode } from './error-codes.ts';

/** One mistake in a definition file. `line` and `column` count from 1; 0 means the whole file. */
export type Problem = {
  readonly code: ErrorCode;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** What is wrong, and what is allowed. No full stop, no code. */
  readonly message: string;
  /** What to do, such as "Did you mean 'transform.sql'?" */
  readonly hint?: string;
};

/** Something the user can fix: where, what is wrong, what is allowed, what to do. */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  /** 2 for usage and definitions, 3 for the engine. */
  readonly exitCode: number;
  readonly problems: readonly Problem[];

  constructor(
    code: ErrorCode,
    message: string,
    options: {
      hint?: string;
      exitCode?: number;
      problems?: readonly Problem[];
      cause?: unknown;
    } = {},
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.exitCode = options.exitCode ?? 2;
    this.problems = options.problems ?? [];
  }
}
