/** Schedules activities and turns their endings into plain data. Activity type = kind, activity id = step id. */

import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  TimeoutFailure,
  proxyActivities,
} from '@temporalio/workflow';

import { deliverFilesOf, deliverOrder, stepOrder } from '../model/order.ts';

import type { Attempted, Driven } from '../model/drive.ts';
import type { Plan, PlanStep } from '../model/plan.ts';
import type {
  DeliverFile,
  DeliverInput,
  DeliverResult,
  FailureDetail,
  StepInput,
  StepResult,
} from '../model/step-result.ts';

/**
 * The runner inside the worker ends a step at its time limit itself, so that children are stopped first;
 * the server's own limit is this much later, for a worker that cannot.
 */
const SERVER_GRACE_MS = 15_000;

type StepActivities = Record<string, (input: StepInput) => Promise<StepResult>>;
type DeliverActivities = { deliver(input: DeliverInput): Promise<DeliverResult> };

/** Tries a step once. Retries are drive()'s, so Temporal's own are off. Never rejects. */
export function attemptStep(
  plan: Plan,
  step: PlanStep,
  attempt: number,
  inputs: Readonly<Record<string, StepResult>>,
): Promise<Attempted> {
  const activities = proxyActivities<StepActivities>({
    activityId: step.id,
    summary: step.id,
    startToCloseTimeout: step.timeoutMs + SERVER_GRACE_MS,
    ...(step.heartbeatMs > 0 ? { heartbeatTimeout: step.heartbeatMs } : {}),
    retry: { maximumAttempts: 1 },
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  });
  const tag = plan.run.tags?.steps[step.id];
  const run = activities[step.kind];
  if (run === undefined) throw new Error('unreachable: activities are proxied');
  return run({
    ...stepOrder(plan, step),
    attempt,
    inputs,
    ...(tag === undefined ? {} : { tag }),
  }).then(
    (result) => ({ ending: 'ok', result }),
    (error: unknown) => endingOf(error, step),
  );
}

function endingOf(error: unknown, step: PlanStep): Attempted {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof CancelledFailure) return { ending: 'cancelled', reason: 'cancelled' };
  if (cause instanceof TimeoutFailure) {
    if (cause.timeoutType === 'HEARTBEAT') {
      return { ending: 'lost', reason: 'its worker stopped answering' };
    }
    return { ending: 'timeout', reason: `ran longer than its limit of ${step.timeoutMs / 1000} s` };
  }
  if (cause instanceof ApplicationFailure) {
    const about = { reason: cause.message, ...detailOf(cause) };
    if (cause.type === 'WORKER_LOST') return { ending: 'lost', ...about };
    if (cause.type === 'STEP_TIMEOUT') return { ending: 'timeout', ...about };
    return {
      ending: 'fail',
      code: cause.type ?? 'STEP_FAILED',
      retryable: !cause.nonRetryable,
      ...about,
    };
  }
  const reason = error instanceof Error ? error.message : String(error);
  return { ending: 'fail', code: 'STEP_FAILED', reason, retryable: true };
}

function detailOf(failure: ApplicationFailure): FailureDetail {
  const { log, failedChecks } = (failure.details?.[0] ?? {}) as Partial<FailureDetail>;
  return {
    ...(typeof log === 'string' ? { log } : {}),
    ...(Array.isArray(failedChecks) ? { failedChecks } : {}),
  };
}

/** Puts the exports of a run into `--out`. A lost worker is waited for; everything else is final. */
export async function deliver(
  plan: Plan,
  driven: Driven,
  startedAtMs: number,
): Promise<DeliverResult> {
  const files: DeliverFile[] = [];
  for (const step of plan.steps) {
    const result = driven.results[step.id];
    if (result === undefined) continue;
    for (const file of deliverFilesOf(step.id, result)) {
      const seal = result.seals?.files[file.output];
      files.push({ ...file, ...(seal === undefined ? {} : { seal }) });
    }
  }
  const activities = proxyActivities<DeliverActivities>({
    activityId: 'deliver',
    summary: 'deliver',
    taskQueue: plan.run.deliverQueue,
    startToCloseTimeout: '24h',
    heartbeatTimeout: '30s',
    retry: { maximumAttempts: 10, nonRetryableErrorTypes: ['DELIVERY_FAILED'] },
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
