/**
 * How an attempt can end, and all that follows from it: one table for the worker that runs the attempt, for
 * what counts it, for the workflow and for `drive()`. Pure.
 */

import { failure, failureOf } from './failure.ts';

import type { Failure } from './failure.ts';
import type { Outcome, Status, StopCause } from './outcome.ts';
import type { StepResult } from './step-result.ts';

type Consequences = {
  /** Counted against the profile's `retry.attempts`. */
  readonly counts: boolean;
  /** `policy`: if its failure is retryable (`RETRYABLE` in `error-codes.ts`), after the profile's pause. `at once`: up to MAX_LOST times a step. */
  readonly retried: 'policy' | 'at once' | 'never';
  /** The step's outcome if this ending decides it. */
  readonly status: Status;
  /** `allow_failure` makes it a warning. */
  readonly allowable: boolean;
  /** Its duration enters the histogram, its rows the gauges. */
  readonly observed: boolean;
  /** It may end without a word of its worker: the workflow tells of it, too. */
  readonly unheard: boolean;
};

const fails = { retried: 'policy', allowable: true, observed: false } as const;

export const ENDINGS = Object.freeze({
  ok: {
    counts: true,
    retried: 'never',
    status: 'OK',
    allowable: false,
    observed: true,
    unheard: false,
  },
  fail: { ...fails, counts: true, status: 'FAIL', unheard: false },
  timeout: { ...fails, counts: true, status: 'TIMEOUT', unheard: true },
  cancelled: {
    ...fails,
    counts: true,
    retried: 'never',
    status: 'CANCELLED',
    allowable: false,
    unheard: false,
  },
  lost: { ...fails, counts: false, retried: 'at once', status: 'FAIL', unheard: true },
} as const satisfies Readonly<Record<string, Consequences>>);

export type Ending = keyof typeof ENDINGS;

/** How one attempt of a step ended. */
export type Attempted = (
  | { readonly ending: 'ok'; readonly result: StepResult }
  | { readonly ending: Exclude<Ending, 'ok'>; readonly failure: Failure }
) & {
  /** Of a profile that is a step: how its own steps ended. */
  readonly inner?: readonly Outcome[];
};

/** Times one step may lose its worker before it is called failed. */
export const MAX_LOST = 10;

/** Steps of a run that was stopped, by what they were doing then. */
export const STOPS: Readonly<
  Record<StopCause, { readonly begun: Status; readonly waiting: Status; readonly reason: string }>
> = Object.freeze({
  cancelled: { begun: 'CANCELLED', waiting: 'CANCELLED', reason: 'the run was cancelled' },
  budget: {
    begun: 'BUDGET_EXCEEDED',
    waiting: 'SKIPPED',
    reason: 'the wall-clock budget of the job ended',
  },
  limit: {
    begun: 'TIMEOUT',
    waiting: 'SKIPPED',
    reason: 'the time limit of the step that its profile is ended',
  },
});

const ENDING_OF_CODE: Readonly<Record<string, Exclude<Ending, 'ok'>>> = Object.freeze({
  STEP_TIMEOUT: 'timeout',
  WORKER_LOST: 'lost',
  CANCELLED: 'cancelled',
});

/** The ending a failure stands for. */
export function endingOf({ code }: Pick<Failure, 'code'>): Exclude<Ending, 'ok'> {
  return Object.hasOwn(ENDING_OF_CODE, code) ? (ENDING_OF_CODE[code] ?? 'fail') : 'fail';
}

/** An attempt that brought no result. */
export function failed(why: Failure): Attempted {
  return { ending: endingOf(why), failure: why };
}

/** What ended an attempt from outside: its own limit, its worker's end, the run, or a server that no longer heard of it. */
export type Interruption = 'time limit' | 'worker stopped' | 'cancelled' | 'not heard of';

/** The failure of an attempt that was interrupted. `limitMs` is the step's own. */
export function interrupted(
  by: Interruption,
  limitMs: number,
  about: Pick<Failure, 'log' | 'durationMs'> = {},
): Failure {
  switch (by) {
    case 'time limit':
      return failure('STEP_TIMEOUT', `ran longer than its limit of ${limitMs / 1000} s`, about);
    case 'worker stopped':
      return failure('WORKER_LOST', 'its worker was told to stop', about);
    case 'not heard of':
      return failure('WORKER_LOST', 'its worker stopped answering', about);
    case 'cancelled':
      return failure('CANCELLED', 'the attempt was cancelled', about);
  }
}

/** The failure of an attempt on its worker: what interrupted it, else what it threw. */
export function failureOfAttempt(
  error: unknown,
  {
    interruption,
    limitMs,
    ...about
  }: {
    readonly interruption: Interruption | undefined;
    readonly limitMs: number;
    readonly log: string;
    readonly durationMs: number;
  },
): Failure {
  if (interruption !== undefined) return interrupted(interruption, limitMs, about);
  return { ...failureOf(error), ...about };
}

/** True if something was executed: a result that was found is neither an attempt nor a duration. */
export function isExecuted({ cached, adopted }: Pick<StepResult, 'cached' | 'adopted'>): boolean {
  return !cached && adopted !== true;
}

/** What an attempt of a profile that is a step measured, as its event tells it: no worker does. */
export function measuredOf(attempted: Attempted): {
  readonly measured?: { readonly durationMs: number; readonly rowsOut?: number };
} {
  if (attempted.ending !== 'ok') {
    return { measured: { durationMs: attempted.failure.durationMs ?? 0 } };
  }
  const { result } = attempted;
  if (!isExecuted(result)) return {};
  const { durationMs, rowsOut } = result;
  return { measured: { durationMs, ...(rowsOut === undefined ? {} : { rowsOut }) } };
}
