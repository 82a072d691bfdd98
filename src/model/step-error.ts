/** The failure that a kind reports of itself. Pure. */

import type { ErrorCode } from './error-codes.ts';
import type { ItemsEnd } from './outcome.ts';

/**
 * A mistake in a definition or in the data: ends the step at once, no retry (`RETRYABLE` in
 * `error-codes.ts`). An ordinary Error means the world failed, and is retried by the profile's policy.
 */
export class StepError extends Error {
  override readonly name = 'StepError';
  readonly code: ErrorCode;
  /** What to do about it. */
  readonly hint: string | undefined;
  /** Names of the checks that failed, at either severity. */
  readonly failedChecks: readonly string[] | undefined;

  /** Rows that broke them. */
  readonly rowsRejected: number | undefined;
  /** What became of the step's items. */
  readonly items: ItemsEnd | undefined;
  /** Where it is not that of the code. */
  readonly exitCode: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: {
      readonly hint?: string | undefined;
      readonly cause?: unknown;
      readonly failedChecks?: readonly string[] | undefined;
      readonly rowsRejected?: number | undefined;
      readonly items?: ItemsEnd | undefined;
      readonly exitCode?: number | undefined;
    } = {},
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.failedChecks = options.failedChecks;
    this.rowsRejected = options.rowsRejected;
    this.items = options.items;
    this.exitCode = options.exitCode;
  }
}
