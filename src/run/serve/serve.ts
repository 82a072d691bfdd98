/** Serves a task queue until it is told to stop; running steps are then given back. */

import { UserError } from '../../model/errors.ts';
import { recordedRuns } from '../../orders/open-runs.ts';
import { sharedDeliverQueue, sharedTaskQueue } from '../worker/queues.ts';
import { closeAll } from '../worker/link.ts';
import { recordDetached } from '../one/detached.ts';
import { resumeForgotten } from './resume-forgotten.ts';
import { serveOrders } from '../many/serve-orders.ts';
import { openSession } from '../worker/session.ts';
import { makeStateDir } from '../definitions/state-dir.ts';
import { queuesOfOpenRuns, watchUnserved } from '../worker/unserved.ts';
import { watchEngine } from '../worker/watch-engine.ts';

import type { Parts } from '../parts.ts';
import type { Tell } from '../project-events.ts';
import type { ServedOrders } from '../many/serve-orders.ts';
import type { Session } from '../worker/session.ts';
import type { WorkerVersion } from '../worker/worker.ts';

export type ServeRequest = {
  /** Steps that run at once. */
  readonly slots: number;
  /** Deliver, too: each folder that a run delivers to is the same folder here. */
  readonly deliver?: boolean;
  /** The version of the code that it is, where the service is to hand each run to the one it began with. */
  readonly version?: WorkerVersion;
  /** Make the runs that schedules of this state folder order, too: the project's files are here. */
  readonly orders?: boolean;
  /** Keep those schedules as the project's job files say. */
  readonly schedules?: boolean;
  /** Ends it. */
  readonly stop: AbortSignal;
};

/** Answers when it was told to stop, and has stopped. @throws UserError with exit code 3 */
export async function serve(parts: Parts, request: ServeRequest, tell: Tell): Promise<void> {
  let leftOpen = 0;
  await serveUntilTold(parts, request, (event) => {
    if (event.type === 'run_suspended') leftOpen += 1;
    tell(event);
  });
  tell({ type: 'stopped', leftOpen });
}

async function serveUntilTold(
  parts: Parts,
  { slots, stop, version, deliver = false, orders = false, schedules = false }: ServeRequest,
  tell: Tell,
): Promise<void> {
  const { stateDir, engine: choice } = parts.options;
  const taskQueue = sharedTaskQueue(choice);
  await parts.payloadKeys(tell);
  makeStateDir(stateDir);
  const metrics = await parts.metrics(tell, 'long-lived');
  const over = new AbortController();
  const stopped = told(stop);
  let unwatch: (() => void) | undefined;
  let unwatchQueues: (() => void) | undefined;
  let session: Session | undefined;
  const closers: (() => Promise<void>)[] = [];
  try {
    const opening = openSession(parts, {
      tell,
      queues: () => ({
        taskQueue,
        ...(deliver ? { deliverQueue: sharedDeliverQueue(taskQueue) } : {}),
      }),
      slots,
      ...(version === undefined ? {} : { version }),
      ...(deliver ? { recordEnd: (end) => recordDetached(parts, end, tell) } : {}),
      isOpen: recordedRuns((await parts.records()).read),
    });
    const opened = await Promise.race([stopped, opening]);
    if (opened === undefined) {
      tell({ type: 'stopping' });
      // An engine or a service that takes its time is left once it is there, or with this process.
      void opening.then((late) => late.close()).catch(() => undefined);
      return;
    }
    session = opened;
    unwatchQueues = watchUnserved(session, queuesOfOpenRuns(await parts.records(), session.engine));
    (await parts.hooks(tell)).start(true);
    const served = orders
      ? await serveProjectOrders(parts, session, { tell, schedules, closers })
      : undefined;
    const { uiUrl, isUp } = session.engine;
    tell({
      type: 'serving',
      stateDir,
      taskQueue,
      slots,
      delivers: deliver,
      ...(uiUrl === undefined ? {} : { uiUrl }),
      ...(metrics.url === undefined ? {} : { metricsUrl: metrics.url }),
    });
    const lost = new Promise<never>((_, reject) => {
      unwatch = watchEngine(isUp, () => reject(engineLost()));
    });
    const { brokenWorker } = await import('../worker/worker-failure.ts');
    const broken = [session.worker, served].map((worker) =>
      worker === undefined ? never() : brokenWorker({ ...opened, worker }, over.signal),
    );
    await Promise.race([stopped, lost, ...broken]);
    tell({ type: 'stopping' });
  } finally {
    unwatch?.();
    unwatchQueues?.();
    over.abort();
    await closeAll(closers);
    await session?.close();
  }
}

/** Keeps the schedules, and makes what they order. */
async function serveProjectOrders(
  parts: Parts,
  { link, engine, connection, metrics }: Session,
  {
    tell,
    schedules,
    closers,
  }: {
    readonly tell: Tell;
    readonly schedules: boolean;
    readonly closers: (() => Promise<void>)[];
  },
): Promise<ServedOrders> {
  // First of all: what was missed is then ordered as the files say now.
  let isForgotten = false;
  if (schedules) {
    const { keepSchedules } = await import('../schedules/keep.ts');
    const kept = await keepSchedules(link, parts.options, tell).catch(async (error: unknown) => {
      const { engineFailure } = await import('../worker/worker-failure.ts');
      throw (await engineFailure(error, engine, connection)) ?? error;
    });
    closers.push(() => kept.close());
    isForgotten = kept.lost.length > 0;
  }
  const served = await serveOrders(parts, { tell });
  closers.push(() => served.stop());
  closers.push(parts.health.add(metrics, served, connection));
  if (isForgotten) {
    const going = await resumeForgotten(parts, tell);
    closers.push(() => going.leave());
  }
  return served;
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}

function told(stop: AbortSignal): Promise<void> {
  if (stop.aborted) return Promise.resolve();
  return new Promise((resolve) => stop.addEventListener('abort', () => resolve(), { once: true }));
}

function engineLost(): UserError {
  return new UserError('ENGINE_LOST', 'the engine has ended', {
    exitCode: 3,
    hint: 'Every finished step is kept. Serve again.',
  });
}
