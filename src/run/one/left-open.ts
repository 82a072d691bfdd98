/** Something ended the watching of a run, not the run: it stays open, and `resume` goes on with it. */

import { UserError } from '../../model/errors.ts';

import type { ErrorCode } from '../../model/error-codes.ts';

const KEPT = 'Every finished step is kept; go on with it by resuming the run.';
const LOOK =
  'Look at the run in the Temporal UI or at its worker.log. Every finished step is kept; start it again by resuming the run.';
const KEYS =
  'Give commands and workers the same keys (--payload-key-file); a new key to the workers first. Then go on by resuming the run.';

/** Exit code 3, with the run that is to be resumed. */
export class RunLeftOpen extends UserError {
  readonly runId: string;
  /** What is to be done before it can be gone on with; absent: nothing. */
  readonly first: string | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    about: {
      readonly runId: string;
      readonly cause?: unknown;
      readonly first?: string | undefined;
    },
  ) {
    const { runId, cause, first } = about;
    const hint = code === 'WORKFLOW_STUCK' ? LOOK : code === 'PAYLOAD_KEY_MISSING' ? KEYS : KEPT;
    super(code, message, {
      exitCode: 3,
      hint: first === undefined ? hint : `${first} ${hint}`,
      cause,
    });
    this.runId = runId;
    this.first = first;
  }
}

/** Codes after which trying again is all there is to do. */
const AGAIN: ReadonlySet<ErrorCode> = new Set(['ENGINE_LOST', 'WORKER_BROKEN']);

/** What an engine or a service did to a run that is on record, told with the run; anything else as it is. */
export function leftOpen(error: unknown, runId: string): unknown {
  if (!(error instanceof UserError) || error instanceof RunLeftOpen) return error;
  if (error.exitCode !== 3) return error;
  const { code, message, hint, cause } = error;
  return new RunLeftOpen(code, message, {
    runId,
    cause: cause ?? error,
    first: AGAIN.has(code) ? undefined : hint,
  });
}
