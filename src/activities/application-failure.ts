/** A failure in the form in which Temporal carries it: its code is the type, the whole of it the only detail. */

import { ApplicationFailure } from '@temporalio/activity';

import { boundText } from '../model/bounded-text.ts';
import { StepError } from '../model/step-error.ts';
import { UserError } from '../model/errors.ts';

import type { Failure } from '../model/failure.ts';

const MOST_BYTES_OF_STACK = 4_000;

/** `error` is what was thrown: where it is a bug, its stack goes along, for the UI. */
export function applicationFailure(failure: Failure, error?: unknown): ApplicationFailure {
  const { code, message, retryable } = failure;
  const cause = causeOf(error, message);
  return ApplicationFailure.create({
    message,
    type: code,
    nonRetryable: !retryable,
    details: [failure],
    ...(cause === undefined ? {} : { cause }),
  });
}

function causeOf(error: unknown, message: string): Error | undefined {
  if (!(error instanceof Error) || error instanceof StepError || error instanceof UserError) {
    return undefined;
  }
  const cause = new Error(message);
  cause.name = error.name;
  cause.stack = boundText(error.stack ?? '', MOST_BYTES_OF_STACK);
  return cause;
}
