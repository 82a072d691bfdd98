/** Serves a queue of orders: makes the runs that schedules and backfills of this state folder order, until it is closed. */

import { openOrderKey } from '../../orders/key.ts';
import { projectQueue } from '../worker/queues.ts';
import { tellOfRefused } from '../worker/refused.ts';
import { openWorkerLog } from '../worker/worker-log.ts';

import type { Parts } from '../parts.ts';
import type { OrderWorker } from './order-worker.ts';
import type { Tell } from '../project-events.ts';

export type ServedOrders = OrderWorker & { readonly taskQueue: string };

export type OrdersOptions = {
  readonly tell: Tell;
  /** Default: the project's, where its schedules order. */
  readonly taskQueue?: string;
  /** Where the SDK and the worker log to; absolute path; absent: stderr. */
  readonly logFile?: string;
};

/** Serves until `stop`. @throws UserError with exit code 3 */
export async function serveOrders(
  parts: Parts,
  { tell, taskQueue = ordersQueueOf(parts), logFile }: OrdersOptions,
): Promise<ServedOrders> {
  const link = await parts.link(tell);
  const log = openWorkerLog(logFile);
  const unhear = link.modules.runtime.hearRuntime((level, message, meta) => {
    // It ends as failed where a run did, and that run has told it.
    if (message !== 'Workflow failed') log(level, message, meta);
  }, taskQueue);
  const { startOrderWorker } = await import('./order-worker.ts');
  try {
    const onRefused = tellOfRefused(log, tell);
    const worker = await startOrderWorker(parts, { link, taskQueue, tell, onRefused }).catch(
      async (error: unknown) => {
        const { workerFailure } = await import('../worker/worker-failure.ts');
        throw await workerFailure(error, link.engine, link.connection);
      },
    );
    return {
      ...worker,
      taskQueue,
      stop: async () => {
        await worker.stop();
        unhear();
      },
    };
  } catch (error) {
    unhear();
    throw error;
  }
}

/** The queue of a project's schedules. @throws UserError STATE_DIR_UNUSABLE */
function ordersQueueOf({ options }: Parts): string {
  return projectQueue(options.engine, openOrderKey(options.stateDir));
}
