/** Schedules activities and turns their endings into plain data. Activity type = kind, activity id = name of the step in the run. */

import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  TimeoutFailure,
  proxyActivities,
} from '@temporalio/workflow';

import { failed, interrupted, MAX_LOST } from '../model/endings.ts';
import { failureIn, failureOf } from '../model/failure.ts';
import { fullName, nameIn, planName } from '../model/nested.ts';
import { deliverFilesOf, deliverOrder, stepOrder } from '../model/order.ts';

import type { ItemsActivities } from '../activities/items-activities.ts';
import type { Completed } from '../model/drive.ts';
import type { Attempted } from '../model/endings.ts';
import type { ErrorCode } from '../model/error-codes.ts';
import type { Failure } from '../model/failure.ts';
import type { Plan, PlanStep } from '../model/plan.ts';
import type { Given } from '../model/run-state.ts';
import type {
  DeliverFile,
  DeliverInput,
  DeliverResult,
  StepInput,
  StepResult,
} from '../model/step-result.ts';

/**
 * The runner inside the worker ends a step at its time limit itself, so that children are stopped first;
 * the server's own limit is this much later, for a worker that cannot.
 */
const SERVER_GRACE_MS = 15_000;
/** Where only the worker can tell the limit; one that is gone is noticed by its heartbeat, or its run with it. */
const WORKER_LIMIT_MS = 7 * 24 * 60 * 60_000;
const DELIVERY_LIMIT_MS = 24 * 60 * 60_000;

type StepActivities = Record<string, (input: StepInput) => Promise<StepResult>>;
type DeliverActivities = { deliver(input: DeliverInput): Promise<DeliverResult> };

/** What a command ordered of a step, or of its items. */
export type Ordered = Pick<StepInput, 'run' | 'step' | 'concurrency' | 'tag'> & {
  /** As the plan says of its run. */
  readonly attended: boolean;
};

export function orderedStep(plan: Plan, step: PlanStep): Ordered {
  const tag = plan.run.tags?.steps[planName(nameIn(plan.run.within, step.id))];
  return {
    ...stepOrder(plan, step),
    ...(tag === undefined ? {} : { tag }),
    attended: plan.run.attended === true,
  };
}

/** Tries a step, or one of its items, once. Retries are drive()'s, so Temporal's own are off. */
export function attemptStep(
  { attended, ...order }: Ordered,
  attempt: number,
  given: Given & Pick<StepInput, 'item'>,
  answer: (attempted: Attempted) => void,
): void {
  const { step } = order;
  const limitMs = given.limitMs ?? step.timeoutMs;
  const isHeard = step.heartbeatMs > 0 && !attended;
  // Of one that waits for its turn, nobody else can tell for how long.
  const isLimitedByWorker =
    attended || step.limit !== undefined || (isHeard && step.limitIsDefault === true);
  const name = fullName({ ...order, item: given.item });
  const activities = proxyActivities<StepActivities>({
    activityId: name,
    summary: name,
    startToCloseTimeout: Math.max(
      limitMs + SERVER_GRACE_MS,
      isLimitedByWorker ? WORKER_LIMIT_MS : 0,
    ),
    ...(isHeard ? { heartbeatTimeout: step.heartbeatMs } : {}),
    retry: { maximumAttempts: 1 },
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  });
  const run = activities[step.kind];
  if (run === undefined) throw new Error('unreachable: activities are proxied');
  void run({ ...order, attempt, ...given }).then(
    (result) => answer({ ending: 'ok', result }),
    (error: unknown) => answer(failed(failureBehind(error, limitMs))),
  );
}

/** The work around the items of a step. A lost worker is waited for, and so is a world that fails for a while. */
export function itemsActivities(
  { run, step, attended }: Pick<Ordered, 'run' | 'step' | 'attended'>,
  what: string,
): ItemsActivities {
  const name = `${nameIn(run.within, step.id)} ${what}`;
  return proxyActivities<ItemsActivities>({
    activityId: name,
    summary: name,
    startToCloseTimeout: WORKER_LIMIT_MS,
    ...(step.heartbeatMs > 0 && !attended ? { heartbeatTimeout: step.heartbeatMs } : {}),
    retry: { maximumAttempts: MAX_LOST },
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  });
}

/** Why an activity brought no result: told by its worker, or by the server in its place. */
export function failureBehind(
  error: unknown,
  limitMs: number,
  otherwise: ErrorCode = 'STEP_FAILED',
): Failure {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof TimeoutFailure) {
    return interrupted(cause.timeoutType === 'HEARTBEAT' ? 'not heard of' : 'time limit', limitMs);
  }
  if (cause instanceof CancelledFailure) {
    return failureIn(cause.details?.[0]) ?? interrupted('cancelled', limitMs);
  }
  const told = failureOf(cause, otherwise);
  if (!(cause instanceof ApplicationFailure)) return told;
  // Without the detail it was not thrown by a step: a kind the worker does not know, a payload it cannot read.
  const { type, nonRetryable } = cause;
  return (
    failureIn(cause.details?.[0]) ?? {
      ...told,
      code: type ?? otherwise,
      retryable: nonRetryable !== true,
    }
  );
}

/** Why a delivery did not come about. */
export function deliveryFailureOf(error: unknown): Failure {
  return failureBehind(error, DELIVERY_LIMIT_MS, 'DELIVERY_FAILED');
}

/** Puts the exports of a run into `--out`. A lost worker is waited for; everything else is final. */
export async function deliver(
  plan: Plan,
  driven: Completed,
  startedAtMs: number,
): Promise<DeliverResult> {
  const files: DeliverFile[] = [];
  for (const step of plan.steps) {
    const result = driven.results.get(step.id);
    if (result === undefined) continue;
    for (const file of deliverFilesOf(step, result)) {
      const seal = result.seals?.files[file.output];
      files.push({ ...file, ...(seal === undefined ? {} : { seal }) });
    }
  }
  const activities = proxyActivities<DeliverActivities>({
    activityId: 'deliver',
    summary: 'deliver',
    taskQueue: plan.run.deliverQueue,
    startToCloseTimeout: DELIVERY_LIMIT_MS,
    ...(plan.run.attended === true ? {} : { heartbeatTimeout: '30s' }),
    retry: { maximumAttempts: 10 },
  });
  const tag = plan.run.tags?.deliver;
  return activities.deliver({
    ...deliverOrder(plan),
    startedAtMs,
    status: driven.status,
    files,
    outcomes: driven.outcomes,
    ...(tag === undefined ? {} : { tag }),
  });
}
