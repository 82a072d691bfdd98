/** Why something failed, as plain data that keeps its meaning from where it arises to the terminal. Pure. */

import { boundText } from './bounded-text.ts';
import { GATES, RETRYABLE } from './error-codes.ts';
import { UserError } from './errors.ts';
import { StepError } from './step-error.ts';

import type { ErrorCode } from './error-codes.ts';
import type { ItemsEnd } from './outcome.ts';

/** The single detail of every failure that crosses the wire. */
export type Failure = {
  /** From the catalogue; another version may know more codes. */
  readonly code: string;
  /** At most MOST_BYTES.message. */
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string;
  /** False: final whatever the profile's retries say. */
  readonly retryable: boolean;
  /** Exit code of a run that fails of this alone; absent: 1. */
  readonly exitCode?: number;
  /** Path of the step's log on the worker that ran it. */
  readonly log?: string;
  /** Names of the checks that failed, at either severity. */
  readonly failedChecks?: readonly string[];
  /** Rows that broke them. */
  readonly rowsRejected?: number;
  /** What became of the step's items. */
  readonly items?: ItemsEnd;
  /** Milliseconds the worker measured; absent where no worker answered. */
  readonly durationMs?: number;
};

/** Bounds of one failure. */
export const MOST_BYTES = Object.freeze({ message: 2_000, hint: 500, check: 200 });
const MOST_CHECKS = 16;

/** What an error says. `otherwise` is the code of what is neither the user's mistake nor the data's. */
export function failureOf(error: unknown, otherwise: ErrorCode = 'STEP_FAILED'): Failure {
  if (error instanceof StepError) {
    const { code, message, hint, failedChecks, rowsRejected, items, exitCode } = error;
    const told = failure(code, message, {
      hint,
      failedChecks,
      ...(rowsRejected === undefined ? {} : { rowsRejected }),
      ...(GATES.has(code) && { exitCode: 4 }),
      ...(exitCode === undefined ? {} : { exitCode }),
    });
    // Each of them has had its own tries.
    return items === undefined ? told : { ...told, items, retryable: false };
  }
  if (error instanceof UserError) {
    const { code, message, hint, exitCode } = error;
    // 2 stands for a mistake found before anything ran; in a run it is a failure like any other.
    return failure(code, message, { hint, ...(exitCode !== 2 && { exitCode }) });
  }
  return failure(otherwise, error instanceof Error ? error.message : String(error));
}

/** A failure within its bounds. Whether it is retried follows from its code. */
export function failure(
  code: ErrorCode,
  message: string,
  {
    hint,
    exitCode,
    failedChecks,
    ...about
  }: {
    readonly hint?: string | undefined;
    readonly exitCode?: number;
    readonly failedChecks?: readonly string[] | undefined;
    readonly rowsRejected?: number;
    readonly log?: string;
    readonly durationMs?: number;
  } = {},
): Failure {
  return {
    code,
    message: boundText(message, MOST_BYTES.message),
    retryable: RETRYABLE.has(code),
    ...(hint === undefined ? {} : { hint: boundText(hint, MOST_BYTES.hint) }),
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(failedChecks === undefined ? {} : { failedChecks: boundChecks(failedChecks) }),
    ...about,
  };
}

/** Names of checks as a result or a failure may carry them. */
export function boundChecks(names: readonly string[]): readonly string[] {
  return names.slice(0, MOST_CHECKS).map((name) => boundText(name, MOST_BYTES.check));
}

/** The failure in a detail that came over the wire; undefined if it is none. */
export function failureIn(detail: unknown): Failure | undefined {
  const { code, message, retryable } = (detail ?? {}) as Partial<Failure>;
  const isOne =
    typeof code === 'string' && typeof message === 'string' && typeof retryable === 'boolean';
  return isOne ? (detail as Failure) : undefined;
}

/** The failure that an activity threw: in the detail of what it threw, where it came that far. */
export function failureThrown(error: unknown): Failure {
  const [detail] = (error as { readonly details?: readonly unknown[] } | undefined)?.details ?? [];
  return failureIn(detail) ?? failureOf(error);
}
