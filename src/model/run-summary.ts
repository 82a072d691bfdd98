/** What a finished run answers: result of the workflow, or detail of its failure. Pure type. */

import type { Failure } from './failure.ts';
import type { Outcome, RunStatus } from './outcome.ts';
import type { DeliverResult } from './step-result.ts';
import type { Plan } from './plan.ts';

export type RunSummary = {
  readonly status: RunStatus;
  /** One a step, in the plan's order. */
  readonly outcomes: readonly Outcome[];
  readonly delivery?: DeliverResult;
  /** Why its exports could not be delivered. */
  readonly deliveryFailure?: Failure;
  /** Why nothing of it could be begun. */
  readonly refusal?: Failure;
};

/** Argument of the activity `recordEnd`: how a run ended that no command waits for. */
export type EndInput = {
  /** Without its steps. */
  readonly plan: Plan;
  readonly summary: RunSummary;
  /** Unix milliseconds. */
  readonly endedAtMs: number;
  readonly elapsedMs: number;
};
