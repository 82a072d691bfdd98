/** Watches a started workflow until it has ended, somebody leaves it, or watching it is of no use any more. */

import { follow } from './follow.ts';
import { isServed, queuesOf } from '../worker/queues.ts';
import { watchUnserved } from '../worker/unserved.ts';
import { brokenWorker } from '../worker/worker-failure.ts';

import type { WorkflowHandle } from '@temporalio/client';
import type { OutLock } from '../../delivery/folder/out-lock.ts';
import type { Plan } from '../../model/plan.ts';
import type { RunSummary } from '../../model/run-summary.ts';
import type { RunRecords } from '../../store/run-records.ts';
import type { Stops } from '../control.ts';
import type { Watching } from './execution.ts';
import type { Tell } from '../project-events.ts';
import type { Session } from '../worker/session.ts';

export type Watched = {
  readonly session: Session;
  readonly handle: WorkflowHandle;
  /** As it was started. */
  readonly plan: Plan;
  readonly taskQueue: string;
  readonly records: RunRecords;
  readonly watching: Watching;
  readonly stops: Stops;
  readonly tell: Tell;
  readonly lock: OutLock | undefined;
};

/** The summary of the run, or that it was left open. @throws UserError */
export async function watchRun(watched: Watched): Promise<RunSummary | 'suspended'> {
  const { session, handle, taskQueue, watching, stops, tell, lock } = watched;
  const { engine } = session;
  const runId = handle.workflowId;
  /** The run is over for this process. */
  const over = new AbortController();
  stops.onCancel(() => void handle.cancel().catch(() => undefined));
  const { deliverQueue } = watched.plan.run;
  if (deliverQueue !== queuesOf(engine.kind, watched.plan.run).deliverQueue) {
    void isServed(session, deliverQueue, 'activity').then(
      (is) => is || tell({ type: 'waiting', runId, for: 'deliverer', taskQueue: deliverQueue }),
      () => undefined,
    );
  }
  const sinceMs = Date.now();
  const unwatchQueues = watchUnserved(session, async () => [{ taskQueue, sinceMs }]);
  try {
    return await Promise.race([
      follow({
        stop: over.signal,
        handle,
        ...(engine.kind === 'embedded' ? { ownView: () => watching.view } : {}),
        onEvent: (event) => {
          watching.note(event);
          // The worker that serves it may write into another store.
          watched.records.noteEvent(runId, event);
        },
        onNoWorker: () => tell({ type: 'waiting', runId, for: 'worker', taskQueue }),
        // Who it was, and what he says of it, the server takes on trust: neither is shown.
        onTerminated: () =>
          tell({
            type: 'said',
            text: 'ended     the workflow was terminated from outside, by no command; every finished step is kept',
          }),
        isServed: () => isServed(session, taskQueue),
        ...(engine.isUp === undefined ? {} : { isUp: engine.isUp }),
        onSilence: () =>
          tell({
            type: 'waiting',
            runId,
            for: engine.kind === 'service' ? 'service' : 'engine',
            taskQueue,
          }),
      }),
      brokenWorker(session, over.signal),
      stops.suspended,
      lockLost(lock),
    ]);
  } finally {
    over.abort();
    unwatchQueues();
    stops.onCancel(() => undefined);
  }
}

/** Settles when another process has taken this run's `--out` over; never without a lock. */
async function lockLost(lock: OutLock | undefined): Promise<'suspended'> {
  await (lock?.lost ?? new Promise(() => undefined));
  return 'suspended';
}
