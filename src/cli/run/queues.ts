/** Which task queues a run uses, and whether somebody serves them. */

import type { Settings } from '../settings.ts';
import type { Engine, Queues, Session } from './session.ts';

/** The queues that the calling command serves. With a service: only its own deliveries. */
export function queuesOf(kind: Engine['kind'], runId: string): Queues {
  return kind === 'embedded'
    ? { taskQueue: runId, deliverQueue: runId }
    : { deliverQueue: `deliver-${runId}` };
}

/** The queue of a run's workflow and steps. */
export function taskQueueOf(kind: Engine['kind'], settings: Settings, runId: string): string {
  return kind === 'embedded' ? runId : settings.taskQueue;
}

/** The queue of the workers that were started with `--deliver` beside a task queue. */
export function sharedDeliverQueue(taskQueue: string): string {
  return `${taskQueue}-deliver`;
}

/** The queue that a run's delivery waits in: the caller's own, or that of the workers that reach its targets. */
export function deliverQueueOf(kind: Engine['kind'], settings: Settings, runId: string): string {
  const { deliverQueue = runId } = queuesOf(kind, runId);
  const byWorkers = kind === 'service' && settings.deliverBy === 'workers';
  return byWorkers ? sharedDeliverQueue(settings.taskQueue) : deliverQueue;
}

/** True if a worker asks for this kind of task in a queue. */
export async function isServed(
  session: Session,
  name: string,
  task: 'workflow' | 'activity' = 'workflow',
): Promise<boolean> {
  const answer = await session.client.workflowService.describeTaskQueue({
    namespace: session.engine.namespace,
    taskQueue: { name },
    taskQueueType: task === 'workflow' ? 1 : 2,
  });
  return (answer.pollers ?? []).length > 0;
}

/** Says that a delivery will wait, if nobody serves the queue it goes to. */
export async function tellOfNoDeliverer(
  session: Session,
  queue: string,
  say: (line: string) => void,
): Promise<void> {
  if (await isServed(session, queue, 'activity').catch(() => true)) return;
  say(
    `waiting: no worker delivers from queue '${queue}' yet; start one with \`builder_cli worker --deliver\``,
  );
}
