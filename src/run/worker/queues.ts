/** Which task queues a run uses, and whether somebody serves them. */

import { nameOfKey } from '../../orders/tags.ts';
import { DEFAULTS } from '../project-options.ts';

import type { Plan } from '../../model/plan.ts';
import type { OrderKey } from '../../orders/key.ts';
import type { Engine, Link } from './link.ts';
import type { EngineChoice } from '../project-options.ts';

/** A start of a run. */
type Start = Pick<Plan['run'], 'id' | 'generation'>;

/**
 * The queue of a start that the embedded engine executes. Another one for each start: what somebody has set for a queue
 * (that nothing is handed out, that another worker gets it) the server keeps, and a resume is to get past it.
 */
function ownQueue({ id, generation }: Start): string {
  return generation === 1 ? id : `${id}-${generation}`;
}

/** The queues that the process of a run serves. With a service: only its own deliveries. */
export function queuesOf(kind: Engine['kind'], start: Start): Queues {
  if (kind === 'service') return { deliverQueue: `deliver-${start.id}` };
  return { taskQueue: ownQueue(start), deliverQueue: ownQueue(start) };
}

/** The queue of a run's workflow and steps. */
export function taskQueueOf(
  kind: Engine['kind'],
  choice: EngineChoice | undefined,
  start: Start,
): string {
  return kind === 'embedded' ? ownQueue(start) : sharedTaskQueue(choice);
}

/** The queue that the workers of a service share. */
export function sharedTaskQueue(choice: EngineChoice | undefined): string {
  return choice?.taskQueue ?? DEFAULTS.taskQueue;
}

/**
 * The queue of what a state folder's schedules order: whoever serves it has this folder and the project's files. In a
 * service others share the task queue, and would record the runs elsewhere.
 */
export function projectQueue(choice: EngineChoice | undefined, key: OrderKey): string {
  return `${sharedTaskQueue(choice)}-project-${nameOfKey(key)}`;
}

/** The queue of the workers that were started to deliver beside a task queue. */
export function sharedDeliverQueue(taskQueue: string): string {
  return `${taskQueue}-deliver`;
}

/** The queue that a run's delivery waits in: its process' own, or that of the workers that reach its targets. */
export function deliverQueueOf(
  kind: Engine['kind'],
  choice: EngineChoice | undefined,
  start: Start,
): string {
  const { deliverQueue = start.id } = queuesOf(kind, start);
  const byWorkers = kind === 'service' && choice?.deliverBy === 'workers';
  return byWorkers ? sharedDeliverQueue(sharedTaskQueue(choice)) : deliverQueue;
}

/** True if a worker asks for this kind of task in a queue. */
export async function isServed(
  { link, engine }: { readonly link: Link; readonly engine: Engine },
  name: string,
  task: 'workflow' | 'activity' = 'workflow',
): Promise<boolean> {
  const { workflowService } = await link.client();
  const answer = await workflowService.describeTaskQueue({
    namespace: engine.namespace,
    taskQueue: { name },
    taskQueueType: task === 'workflow' ? 1 : 2,
  });
  return (answer.pollers ?? []).length > 0;
}

export type Queues = { readonly taskQueue?: string; readonly deliverQueue?: string };
