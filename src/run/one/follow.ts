/** Follows a workflow to its end: from the worker's own events where it is ours, else by asking for its progress. */

import { setTimeout as pause } from 'node:timers/promises';

import { makeAwakeClock } from '../../activities/awake-clock.ts';
import { RunLeftOpen } from './left-open.ts';
import { STUCK_TASK_ATTEMPTS } from '../../model/decide-resume.ts';
import { eventsBetween } from '../../model/view.ts';
import { isUnreadable, UNREADABLE } from '../../payloads/unreadable.ts';
import { codeOfFailedTask } from '../worker/failed-task.ts';
import { watchEngine } from '../worker/watch-engine.ts';

import type { WorkflowFailedError, WorkflowHandle } from '@temporalio/client';
import type { AwakeClock } from '../../activities/awake-clock.ts';
import type { RunEvent } from '../../model/events.ts';
import type { RunSummary } from '../../model/run-summary.ts';
import type { RunView } from '../../model/view.ts';

export type FollowOptions = {
  readonly handle: WorkflowHandle;
  /** The view as the worker's events have made it so far; undefined: ask the workflow. */
  readonly ownView?: () => RunView | undefined;
  /** Called for each change where the workflow is asked. */
  readonly onEvent: (event: RunEvent, view: RunView) => void;
  /** Called once when nothing serves the task queue. */
  readonly onNoWorker: () => void;
  /** True if something polls the run's task queue. */
  readonly isServed: () => Promise<boolean>;
  /** False once the embedded engine's process is gone; absent with a service, which may come back. */
  readonly isUp?: () => boolean;
  /** Called when somebody else has ended the workflow by force. */
  readonly onTerminated: () => void;
  /** Called each time a service has stopped answering. */
  readonly onSilence: () => void;
  /** Ends it: nothing is asked or told any more. */
  readonly stop: AbortSignal;
};

const ASK_EVERY_MS = 1_000;
const LOOK_EVERY_MS = 5_000;
/** A service that is restarted or moved is back by then. */
const SILENCE_LIMIT_MS = 10 * 60_000;
const SILENCE_PAUSE_MS = 2_000;
/** Times the result may fail to come from an engine that answers: one that was frozen does so once it is awake. */
const MOST_ODD = 3;

/** The summary of the finished run. @throws UserError ENGINE_LOST, WORKFLOW_STUCK (exit 3); the reason of `stop` */
export async function follow(options: FollowOptions): Promise<RunSummary> {
  const { handle, ownView } = options;
  // Loaded by now: a handle comes from a client.
  const { TerminatedFailure, WorkflowFailedError } = await import('@temporalio/client');
  let view: RunView | undefined;
  const look = async (): Promise<RunView | undefined> => {
    if (ownView !== undefined) return ownView();
    const next = await handle.query<RunView>('progress').catch(() => undefined);
    if (next !== undefined && !options.stop.aborted) {
      for (const event of eventsBetween(view, next)) options.onEvent(event, next);
      view = next;
    }
    return view;
  };

  const asking = ownView === undefined ? setInterval(() => void look(), ASK_EVERY_MS) : undefined;
  try {
    const summary = await resultWithoutTrouble<RunSummary>(options);
    await look();
    return summary;
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    if (error.cause instanceof TerminatedFailure) options.onTerminated();
    return summaryOf(error, await look());
  } finally {
    clearInterval(asking);
  }
}

/** What to watch a workflow by that is no run. */
export type Awaiting = Pick<
  FollowOptions,
  'handle' | 'isUp' | 'isServed' | 'onNoWorker' | 'onSilence' | 'stop'
>;

/** The result of a workflow, unless waiting would not help. @throws UserError ENGINE_LOST, WORKFLOW_STUCK (exit 3); the reason of `stop` */
export async function resultWithoutTrouble<T>(options: Awaiting): Promise<T> {
  const trouble = watchForTrouble(options);
  try {
    return await Promise.race([resultOf<T>(options), trouble.found, rejectsAt(options.stop)]);
  } finally {
    trouble.stop();
  }
}

function rejectsAt(stop: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const told = (): void => reject(stop.reason as Error);
    if (stop.aborted) told();
    else stop.addEventListener('abort', told, { once: true });
  });
}

/** The workflow's result. An engine that does not answer is asked again for some minutes. */
async function resultOf<T>(options: Awaiting): Promise<T> {
  const { handle, isUp, onSilence, stop } = options;
  const { WorkflowFailedError, WorkflowNotFoundError } = await import('@temporalio/client');
  let silence: AwakeClock | undefined;
  let odd = 0;
  for (;;) {
    try {
      return (await handle.result()) as T;
    } catch (error) {
      if (error instanceof WorkflowFailedError) throw error;
      if (isUnreadable(error)) throw keyMissing(options, error.message, error);
      // An embedded engine whose process is gone is gone for good; one that lives may have been frozen, or be slow.
      if (isUp?.() === false) throw engineLost(options, error);
      const answers = await handle.describe().then(
        () => true,
        (reason: unknown) => reason instanceof WorkflowNotFoundError,
      );
      stop.throwIfAborted();
      if (answers) {
        silence?.stop();
        // After a silence there is nothing odd about the error; else it would not go away by asking.
        odd = silence === undefined ? odd + 1 : 0;
        silence = undefined;
        if (odd > MOST_ODD) throw error;
        continue;
      }
      if (silence === undefined) onSilence();
      silence ??= makeAwakeClock();
      if (silence.elapsedMs() > SILENCE_LIMIT_MS) throw engineLost(options, error);
      await pause(SILENCE_PAUSE_MS, undefined, { signal: stop });
    }
  }
}

/** Rejects when waiting would not help: the engine is gone, or the workflow task keeps failing. */
function watchForTrouble(options: Awaiting): { found: Promise<never>; stop(): void } {
  const { handle, isUp } = options;
  let timer: NodeJS.Timeout | undefined;
  let unwatch: (() => void) | undefined;
  const found = new Promise<never>((_, reject) => {
    let warned = false;
    const lookAtTask = async (): Promise<void> => {
      const description = await handle.describe().catch(() => undefined);
      const task = description?.raw.pendingWorkflowTask;
      if ((task?.attempt ?? 0) > 1 && (await codeOfFailedTask(handle)) === UNREADABLE) {
        const why = 'its worker has no key to read it with (which one is in the log of the worker)';
        return reject(keyMissing(options, why));
      }
      if ((task?.attempt ?? 0) >= STUCK_TASK_ATTEMPTS) reject(stuck(options, task?.attempt ?? 0));
      if (warned || task == null || (await options.isServed().catch(() => true))) return;
      if (!options.stop.aborted) {
        warned = true;
        options.onNoWorker();
      }
    };
    timer = setInterval(() => void lookAtTask(), LOOK_EVERY_MS);
    unwatch = watchEngine(isUp, () => reject(engineLost(options)));
  });
  found.catch(() => undefined);
  return {
    found,
    stop: () => {
      clearInterval(timer);
      unwatch?.();
    },
  };
}

function engineLost({ handle, isUp }: Awaiting, cause?: unknown): RunLeftOpen {
  const who =
    isUp === undefined
      ? 'the Temporal service does not answer'
      : isUp()
        ? 'the engine does not answer'
        : 'the engine has ended';
  const { workflowId } = handle;
  return new RunLeftOpen('ENGINE_LOST', `${who} while run ${workflowId} was going on`, {
    runId: workflowId,
    cause,
  });
}

function keyMissing({ handle }: Awaiting, why: string, cause?: unknown): RunLeftOpen {
  const { workflowId: runId } = handle;
  return new RunLeftOpen('PAYLOAD_KEY_MISSING', `run ${runId} cannot go on: ${why}`, {
    runId,
    cause,
  });
}

function stuck({ handle }: Awaiting, attempt: number): RunLeftOpen {
  const { workflowId } = handle;
  return new RunLeftOpen(
    'WORKFLOW_STUCK',
    `the workflow task of run ${workflowId} has failed ${attempt - 1} times in a row`,
    { runId: workflowId },
  );
}

/** A failed workflow carries its summary; a cancelled or terminated one has only what was seen of it. */
function summaryOf(error: WorkflowFailedError, view: RunView | undefined): RunSummary {
  const details = (error.cause as { details?: readonly unknown[] } | undefined)?.details;
  const carried = details?.[0] as RunSummary | undefined;
  if (carried?.outcomes !== undefined) return carried;
  const outcomes = (view?.steps ?? []).flatMap((step) => step.outcome ?? []);
  return { status: 'CANCELLED', outcomes };
}
