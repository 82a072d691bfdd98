/** One worker over a project's engine: for the queues of one run, or for whatever comes. Closed in reverse order. */

import { join } from 'node:path';

import { makeSecrets } from '../../activities/secrets.ts';
import { fenceLeftovers } from '../../activities/fence.ts';
import { UserError } from '../../model/errors.ts';
import { closeAll } from './link.ts';
import { noteWaiting } from './note-waiting.ts';
import { tellOfRefused } from './refused.ts';
import { whileUp } from './watch-engine.ts';
import { openWorkerLog } from './worker-log.ts';

import type { NativeConnection } from '@temporalio/worker';
import type { Metrics } from '../../metrics/open-metrics.ts';
import type { EndInput } from '../../model/run-summary.ts';
import type { RunEvent, RunKey } from '../../model/events.ts';
import type { IsOpen } from '../../orders/open-runs.ts';
import type { Engine, Link } from './link.ts';
import type { Parts } from '../parts.ts';
import type { Tell } from '../project-events.ts';
import type { RunningWorker, WorkerVersion } from './worker.ts';
import type { Queues } from './queues.ts';

export type Session = {
  readonly engine: Engine;
  readonly connection: NativeConnection;
  readonly link: Link;
  readonly metrics: Metrics;
  readonly worker: RunningWorker;
  /** Stops the worker. */
  close(): Promise<void>;
};

export type SessionOptions = {
  readonly tell: Tell;
  /** Queues to serve, once it is known whether a service or the embedded engine is used. */
  readonly queues: (kind: Engine['kind']) => Queues;
  readonly slots: number;
  readonly version?: WorkerVersion;
  /** Workers like this one that may go on at once in this process; default 1. */
  readonly beside?: number;
  /** The executions that the embedded engine's worker serves. */
  readonly isOpen: IsOpen;
  /** An execution of an earlier process that must be over before this one takes work. */
  readonly endFirst?: string;
  /** The lock of `--out` under which deliveries are made here, where the run was begun under an earlier one. */
  readonly outToken?: number;
  /** Records how runs ended that no command waits for. */
  readonly recordEnd?: (end: EndInput) => Promise<void>;
  /** Where the SDK and the worker log to; absolute path; absent: stderr. */
  readonly logFile?: string;
  readonly onEvent?: (key: RunKey, event: RunEvent) => void;
};

/** Milliseconds between heartbeats: with a service, how soon a step learns of a cancel; else it is told in process. */
const HEARTBEAT_MS = Object.freeze({ embedded: 5_000, service: 2_000 });

/** An embedded engine that ends while it is being joined, because somebody else let it go, is started again so often. */
const TRIES = 3;
const ENDED: ReadonlySet<string> = new Set(['ENGINE_LOST', 'ENGINE_UNREACHABLE']);

/** Starts or finds the engine, and serves the queues. @throws UserError with exit code 3 */
export async function openSession(parts: Parts, options: SessionOptions): Promise<Session> {
  const isEmbedded = await parts.isEmbedded();
  for (let triesLeft = TRIES; ;) {
    try {
      return await openOnce(parts, options);
    } catch (error) {
      const hasEnded = error instanceof UserError && ENDED.has(error.code);
      if (!isEmbedded || !hasEnded || --triesLeft === 0) throw error;
    }
  }
}

async function openOnce(parts: Parts, options: SessionOptions): Promise<Session> {
  const { tell } = options;
  const { stateDir, kinds, env = {}, secretsDir, sqlThreads } = parts.options;
  const metrics = await parts.metrics(tell);
  const tracing = await parts.tracing(tell);
  const log = openWorkerLog(options.logFile);
  const closers: (() => Promise<void>)[] = [];
  try {
    const link = await parts.link(tell);
    const { engine, connection, modules } = link;
    const queues = options.queues(engine.kind);
    const unhear = modules.runtime.hearRuntime(log, queues.taskQueue);
    closers.push(async () => unhear());
    const store = await parts.store();
    const attemptsRoot = join(stateDir, 'attempts');
    await fenceLeftovers(attemptsRoot);
    if (options.endFirst !== undefined) await endExecution(link, options.endFirst);
    const starting = modules.worker.startWorker({
      connection,
      namespace: engine.namespace,
      ...queues,
      ...(options.outToken === undefined ? {} : { outToken: options.outToken }),
      ...(options.recordEnd === undefined ? {} : { recordEnd: options.recordEnd }),
      payloadKeys: link.payloadKeys,
      kinds,
      store,
      attemptsRoot,
      artifactsRoot: parts.artifactsRoot,
      runFolder: parts.folder,
      env,
      secret: makeSecrets({ env, ...(secretsDir === undefined ? {} : { dir: secretsDir }) }),
      bootId: store.bootId,
      ...(sqlThreads === undefined ? {} : { sqlThreads }),
      sinks: metrics.sinks(options.onEvent),
      ...(link.orderKey === undefined
        ? {}
        : {
            orders: {
              key: link.orderKey,
              isOpen: options.isOpen,
              onRefused: tellOfRefused(log, tell),
            },
          }),
      interceptors: metrics.interceptors,
      onWaiting: noteWaiting(store, options.onEvent),
      ...(tracing === undefined ? {} : { traceparent: tracing.traceparent }),
      heartbeatEveryMs: HEARTBEAT_MS[engine.kind],
      embedded: engine.kind === 'embedded',
      slots: options.slots,
      ...(options.version === undefined ? {} : { version: options.version }),
      beside: options.beside ?? 1,
    });
    // The client is loaded while the worker's own thread reads the workflow bundle.
    const [worker] = await Promise.all([
      // The SDK goes on asking a dead engine for half a minute.
      whileUp(
        engine.isUp,
        starting.catch(async (error: unknown) => {
          const { workerFailure } = await import('./worker-failure.ts');
          throw await workerFailure(error, engine, connection);
        }),
      ),
      link.client(),
    ]);
    closers.push(() => worker.stop());
    closers.push(parts.health.add(metrics, worker, connection));
    return { engine, connection, link, metrics, worker, close: () => closeAll(closers) };
  } catch (error) {
    await closeAll(closers);
    throw error;
  }
}

/** Terminates an open workflow; one that is not there, or over, is what was wanted. */
async function endExecution(link: Link, workflowId: string): Promise<void> {
  const handle = (await link.client()).workflow.getHandle(workflowId);
  await handle.terminate('its process is gone; the run is resumed').catch(() => undefined);
}
