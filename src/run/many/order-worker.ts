/** The worker of a queue of orders: the workflows that order runs, and the activities that make them. */

import { Worker } from '@temporalio/worker';

import { dataConverterOf } from '../../payloads/converter.ts';
import { makeStandingGuard } from '../../orders/standing-guard.ts';
import { makeOrderActivities } from './order-activities.ts';
import { partitionsDue } from './partitions-due.ts';
import { workflowBundleFor } from '../worker/worker.ts';

import type { Orders } from '../../orders/guard.ts';
import type { DueActivities } from '../../workflows/partitions-due.ts';
import type { Link } from '../worker/link.ts';
import type { Parts } from '../parts.ts';
import type { Tell } from '../project-events.ts';

export type OrderWorker = {
  /** Settles when it has stopped; rejects if it broke. */
  readonly done: Promise<void>;
  state(): 'running' | 'stopping' | 'broken';
  /** Leaves every run open for the next process, and stops. */
  stop(): Promise<void>;
};

/** Runs at once in one process, whoever ordered them; how many a backfill wants is its own. */
const MOST_RUNS = 100;

/** Starts it. @throws as the SDK does */
export async function startOrderWorker(
  parts: Parts,
  {
    link,
    taskQueue,
    tell,
    onRefused,
  }: {
    readonly link: Link;
    readonly taskQueue: string;
    readonly tell: Tell;
    readonly onRefused: Orders['onRefused'];
  },
): Promise<OrderWorker> {
  const { orderKey: key, payloadKeys, connection, engine } = link;
  const making = makeOrderActivities(parts, tell);
  const worker = await Worker.create({
    connection,
    namespace: engine.namespace,
    taskQueue,
    dataConverter: dataConverterOf(payloadKeys),
    workflowBundle: { codePath: workflowBundleFor(payloadKeys) },
    activities: {
      ...making.activities,
      partitionsDue: async (input: Parameters<DueActivities['partitionsDue']>[0]) =>
        partitionsDue(parts.options, input),
    },
    interceptors: { activity: key === undefined ? [] : [makeStandingGuard({ key, onRefused })] },
    maxConcurrentActivityTaskExecutions: MOST_RUNS,
    maxCachedWorkflows: 50,
    maxConcurrentWorkflowTaskExecutions: 4,
    maxConcurrentWorkflowTaskPolls: 2,
    shutdownGraceTime: 0,
    shutdownForceTime: '20s',
  });
  const done = worker.run();
  done.catch(() => undefined);
  return {
    done,
    state: () => {
      const state = worker.getState();
      if (state === 'FAILED') return 'broken';
      return state === 'RUNNING' ? 'running' : 'stopping';
    },
    stop: async () => {
      await making.leave();
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await done.catch(() => undefined);
    },
  };
}
