/** Something ended the watching of a run, not the run: it stays open, and `resume` goes on with it. */

import { UserError } from '../model/errors.ts';

const ADVICE = Object.freeze({
  ENGINE_LOST: 'Every finished step is kept; go on with it by resuming the run.',
  PAYLOAD_KEY_MISSING:
    'Give commands and workers the same keys (--payload-key-file); a new key to the workers first. Then go on by resuming the run.',
  WORKFLOW_STUCK:
    'Look at the run in the Temporal UI or at its worker.log. Every finished step is kept; start it again by resuming the run.',
});

/** Exit code 3, with the run that is to be resumed. */
export class RunLeftOpen extends UserError {
  readonly runId: string;

  constructor(
    code: keyof typeof ADVICE,
    message: string,
    { runId, cause }: { readonly runId: string; readonly cause?: unknown },
  ) {
    super(code, message, { exitCode: 3, hint: ADVICE[code], cause });
    this.runId = runId;
  }
}
