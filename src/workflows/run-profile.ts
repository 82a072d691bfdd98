/** The profile workflow: a thin adapter from drive() to Temporal. It decides nothing that drive() can decide. */

import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  defineQuery,
  isCancellation,
  proxySinks,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';

import { drive } from '../model/drive.ts';
import { tellsOwn } from '../model/items.ts';
import { failureMessage } from '../model/failure-message.ts';
import { runOrder } from '../model/order.ts';
import { runStatus } from '../model/outcome.ts';
import { makePlaces } from '../model/places.ts';
import { newRunState } from '../model/run-state.ts';
import { shapeOf } from '../model/run-shape.ts';
import { growView } from '../model/view.ts';
import { deliver, deliveryFailureOf } from './activities.ts';
import { attemptOf } from './attempt.ts';
import { recordEnd } from './record-end.ts';
import { makeDetails, showStatus } from './shown.ts';

import type { DrivePorts } from '../model/drive.ts';
import type { EventSinks, RunEvent, RunKey } from '../model/events.ts';
import type { StopCause } from '../model/outcome.ts';
import type { Plan } from '../model/plan.ts';
import type { RunSummary } from '../model/run-summary.ts';
import type { RunView } from '../model/view.ts';
import type { Surroundings } from './surroundings.ts';

export const progressQuery = defineQuery<RunView>('progress');

const sinks = proxySinks<EventSinks>();

/**
 * Runs a plan to its end and delivers. A run that is not OK or WARN ends as a failed (or cancelled)
 * workflow whose failure carries the summary in its details.
 */
export async function runProfile(plan: Plan): Promise<RunSummary> {
  const startedAtMs = workflowInfo().startTime.getTime();
  const tag = plan.run.tags?.run;
  const key: RunKey = { ...runOrder(plan), ...(tag === undefined ? {} : { tag }) };
  const progress = growView(startedAtMs);
  const unseen: RunEvent[] = [];
  setHandler(progressQuery, () => {
    for (const event of unseen.splice(0)) progress.fold(event);
    return progress.view;
  });
  const showDetails = makeDetails(plan.steps.length);
  const emit = (events: readonly RunEvent[]): void => {
    unseen.push(...events);
    showDetails(events);
    sinks.events.emit(key, events);
  };

  emit([{ type: 'run_started', atMs: startedAtMs, shape: shapeOf(plan) }]);
  const work = new CancellationScope();
  const abort = (): void => {
    work.cancel();
    sinks.attempts.stop(key);
  };
  const { wallMs } = plan.budgets;
  // Alone, a pipeline bounds itself.
  const hasNested = plan.steps.some(({ nested }) => nested !== undefined);
  const around: Surroundings = {
    emit,
    note: (event) => void unseen.push(event),
    ...(wallMs === undefined ? {} : { deadlineMs: startedAtMs + wallMs }),
    ...(hasNested ? { places: makePlaces(plan.concurrency) } : {}),
    attempt: (within, of, step, attempt, given, answer) =>
      attemptOf(of, step, attempt, given, answer, within),
    pause,
    onStop: new Set(),
    stopWithin: (within) => sinks.attempts.stop(key, within),
  };
  const isTold = tellsOwn(plan);
  const hasItems = plan.steps.some(({ foreach }) => foreach !== undefined);
  const tell = hasItems ? (told: readonly RunEvent[]) => emit(told.filter(isTold)) : emit;
  const ports = portsOf(plan, { abort, emit: tell }, around);
  const driven = await work.run(() => drive(plan, newRunState(plan), ports));
  if (!driven.complete) throw new Error('unreachable: the ports of a workflow tell every attempt');
  let summary: RunSummary = { status: driven.status, outcomes: driven.outcomes };

  if (plan.run.out !== undefined && (driven.status === 'OK' || driven.status === 'WARN')) {
    try {
      const delivery = await CancellationScope.nonCancellable(() =>
        deliver(plan, driven, startedAtMs),
      );
      summary = { ...summary, delivery };
    } catch (error) {
      summary = {
        ...summary,
        status: runStatus([driven.status, 'FAIL']),
        deliveryFailure: deliveryFailureOf(error),
      };
    }
  }

  const endedAtMs = Date.now();
  const durationMs = endedAtMs - startedAtMs;
  emit([{ type: 'run_ended', atMs: endedAtMs, status: summary.status, durationMs }]);
  showStatus(summary.status);
  if (plan.run.detached !== undefined) {
    await recordEnd(plan, summary, { endedAtMs, elapsedMs: durationMs });
  }
  if (summary.status === 'OK' || summary.status === 'WARN') return summary;
  const message = failureMessage(summary);
  if (summary.status === 'CANCELLED') throw new CancelledFailure(message, [summary]);
  throw ApplicationFailure.create({
    message,
    type: summary.status,
    nonRetryable: true,
    details: [summary],
  });
}

/**
 * Called by drive() inside `work`, whose cancellation ends all of it. A scope of its own for each attempt would
 * cost several promises, and the SDK captures a stack for every promise of a workflow.
 */
function portsOf(
  plan: Plan,
  { abort, emit }: Pick<DrivePorts, 'emit'> & { readonly abort: () => void },
  around: Surroundings,
): DrivePorts {
  return {
    ...(around.places === undefined ? {} : { places: around.places }),
    now: () => Date.now(),
    attempt: (...about) => around.attempt(around, plan, ...about),
    pause,
    abort: (cause) => {
      for (const each of [...around.onStop]) each(cause);
      abort();
    },
    onStop: (listener) => listenForStop(plan, listener),
    emit,
  };
}

function pause(ms: number, wake: () => void): void {
  void sleep(ms).then(wake, (error: unknown) => {
    if (!isCancellation(error)) throw error;
  });
}

function listenForStop(plan: Plan, listener: (cause: StopCause) => void): void {
  void CancellationScope.current().cancelRequested.catch(() => listener('cancelled'));
  const { wallMs } = plan.budgets;
  if (wallMs === undefined) return;
  void sleep(wallMs).then(
    () => listener('budget'),
    () => undefined,
  );
}
