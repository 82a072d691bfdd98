/** Everything a command that executes steps needs, opened in order and closed in reverse: metrics port, engine, store, worker. */

import { join } from 'node:path';

import { connect, serviceOf } from '../../run/connection.ts';
import { openMetrics } from '../../metrics/open-metrics.ts';
import { openLocalStore } from '../../store/local.ts';
import { fenceLeftovers } from '../../activities/fence.ts';
import { findOrderKey, openOrderKey } from '../../orders/key.ts';
import { tagPlan } from '../../orders/tags.ts';
import { makeSecrets } from '../../activities/secrets.ts';
import { KINDS } from '../../kinds/index.ts';
import { whereToServe } from './where-to-serve.ts';
import { tellOfRefused } from './refused.ts';
import { whileUp } from './watch-engine.ts';
import { openWorkerLog } from './worker-log.ts';

import type { Client } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import type { Health, Metrics } from '../../metrics/open-metrics.ts';
import type { Probe } from '../../metrics/prometheus-exporter.ts';
import type { RunEvent, RunKey } from '../../model/events.ts';
import type { Plan } from '../../model/plan.ts';
import type { IsOpen } from '../../orders/open-runs.ts';
import type { Store } from '../../store/store.ts';
import type * as WorkerModule from '../../run/worker.ts';
import type { RunningWorker } from '../../run/worker.ts';
import type { Io } from '../io.ts';
import type { Settings } from '../settings.ts';

export type Engine = {
  readonly kind: 'embedded' | 'service';
  readonly address: string;
  readonly namespace: string;
  /** Base address of Temporal's UI, where it is known. */
  readonly uiUrl?: string;
  /** Whether its server still runs; only of the embedded engine is that known. */
  readonly isUp?: () => boolean;
};

export type Queues = { readonly taskQueue?: string; readonly deliverQueue?: string };

export type Session = {
  readonly engine: Engine;
  readonly client: Client;
  readonly connection: NativeConnection;
  readonly store: Store;
  readonly metrics: Metrics;
  readonly worker: RunningWorker;
  /** The plan as it must be given to workers of this state folder. */
  readonly sign: (plan: Plan) => Plan;
  /** Stops the worker, then leaves the engine; does not wait for the engine's end. */
  close(): Promise<void>;
};

export type SessionOptions = {
  readonly settings: Settings;
  readonly stateDir: string;
  readonly io: Io;
  readonly metrics: Metrics;
  /** Queues to serve, once it is known whether a service or the embedded engine is used. */
  readonly queues: (kind: Engine['kind']) => Queues;
  readonly slots: number;
  /** The executions that the embedded engine's worker serves. */
  readonly isOpen: IsOpen;
  /** An execution of an earlier process that must be over before this one takes work. */
  readonly endFirst?: string;
  /** Where the SDK and the worker log to; absolute path. */
  readonly logFile?: string;
  readonly onEvent?: (key: RunKey, event: RunEvent) => void;
};

/** Milliseconds between heartbeats: a service is spared, a laptop learns of a cancel at once. */
const HEARTBEAT_MS = Object.freeze({ embedded: 500, service: 2_000 });

/** A probe that waits longer than its asker is no answer. */
const READY_LIMIT_MS = 2_000;

/** Opens the store of a state folder. */
export async function openStore(settings: Settings, stateDir: string): Promise<Store> {
  return openLocalStore(settings.store ?? join(stateDir, 'store'));
}

/** Binds the metrics port before anything else starts. @throws UserError PORT_IN_USE */
export async function openSessionMetrics(
  settings: Settings,
  stateDir: string,
  store: Store,
  io: Io,
): Promise<Metrics> {
  const embedded = (await serviceOf(settings.service, settings.env)) === undefined;
  const { metricsFile } = settings;
  return openMetrics({
    ...(await whereToServe(settings, io)),
    ...(metricsFile === undefined ? {} : { file: metricsFile }),
    store,
    stateDir,
    restore: embedded,
  });
}

/** Starts or finds the engine, connects, and serves the queues. @throws UserError with exit code 3 */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { settings, stateDir, io, metrics } = options;
  const service = await serviceOf(settings.service, settings.env);
  const closers: (() => Promise<void>)[] = [];
  try {
    let engine: Engine;
    let worker: Promise<typeof WorkerModule>;
    // With a service its own authentication decides; a worker of `dev` is reached as one, too, and demands orders.
    const key = service === undefined ? openOrderKey(stateDir) : findOrderKey(stateDir);
    if (service === undefined) {
      const { startingEngine } = await import('../../engine/engine.ts');
      const { ready } = await startingEngine({
        stateDir,
        cacheDir: settings.cacheDir,
        env: settings.env,
        ...(settings.temporalBinary === undefined ? {} : { binary: settings.temporalBinary }),
        onProgress: (line) => io.say(line),
      });
      // Only now: loading the SDK keeps this process busy while the server starts in its own.
      worker = import('../../run/worker.ts');
      const handle = await ready;
      closers.push(() => handle.release());
      engine = {
        kind: 'embedded',
        address: handle.address,
        namespace: settings.service.namespace ?? handle.namespace,
        uiUrl: handle.uiUrl,
        isUp: () => handle.isUp(),
      };
    } else {
      worker = import('../../run/worker.ts');
      engine = { kind: 'service', address: service.address, namespace: service.namespace };
    }
    io.say(
      `engine    ${engine.kind === 'embedded' ? 'embedded Temporal' : 'Temporal'} at ${engine.address}, namespace ${engine.namespace}`,
    );

    const { installRuntime, startWorker } = await worker;
    const log = openWorkerLog(options.logFile);
    installRuntime(log, metrics.runtimeMetrics);
    const connection = await connect(service?.options ?? { address: engine.address });
    closers.push(() => connection.close());
    const store = metrics.store;
    const attemptsRoot = join(stateDir, 'attempts');
    await fenceLeftovers(attemptsRoot);
    const queues = options.queues(engine.kind);
    if (options.endFirst !== undefined && engine.kind === 'embedded') {
      await endExecution(connection, engine.namespace, options.endFirst);
    }
    const starting = startWorker({
      connection,
      namespace: engine.namespace,
      ...queues,
      kinds: KINDS,
      store,
      attemptsRoot,
      runFolder: (runId) => join(stateDir, 'runs', runId),
      env: settings.env,
      secret: makeSecrets({
        env: settings.env,
        ...(settings.secretsDir === undefined ? {} : { dir: settings.secretsDir }),
      }),
      bootId: store.bootId,
      ...(settings.sqlThreads === undefined ? {} : { sqlThreads: settings.sqlThreads }),
      sinks: metrics.sinks(options.onEvent),
      ...(service === undefined && key !== undefined
        ? { orders: { key, isOpen: options.isOpen, onRefused: tellOfRefused(log, io) } }
        : {}),
      interceptors: metrics.interceptors,
      heartbeatEveryMs: HEARTBEAT_MS[engine.kind],
      embedded: engine.kind === 'embedded',
      slots: options.slots,
    });
    // The client is loaded while the worker's own thread reads the workflow bundle.
    const [running, { Client }] = await Promise.all([
      // The SDK goes on asking a dead engine for half a minute.
      whileUp(
        engine.isUp,
        starting.catch(async (error: unknown) => {
          const { workerFailure } = await import('./worker-failure.ts');
          throw await workerFailure(error, engine, connection);
        }),
      ),
      import('@temporalio/client'),
    ]);
    closers.push(() => running.stop());
    metrics.health(healthOf(running, connection));
    closers.push(() => metrics.stopping());
    return {
      engine,
      client: new Client({ connection, namespace: engine.namespace }),
      connection,
      store,
      metrics,
      worker: running,
      sign: (plan) => (key === undefined ? plan : tagPlan(key, plan)),
      close: () => closeAll(closers),
    };
  } catch (error) {
    await closeAll(closers);
    throw error;
  }
}

/** Healthy while the worker works; ready while the engine answers it, too. */
function healthOf(worker: RunningWorker, connection: NativeConnection): Health {
  const alive = (): Probe => {
    const state = worker.state();
    return { ok: state === 'running', detail: `the worker is ${state}` };
  };
  return {
    alive,
    ready: async () => {
      if (!alive().ok) return alive();
      const answer = connection.withDeadline(Date.now() + READY_LIMIT_MS, () =>
        connection.workflowService.getSystemInfo({}),
      );
      return answer.then(
        () => ({ ok: true, detail: 'ready' }),
        () => ({ ok: false, detail: 'Temporal does not answer' }),
      );
    },
  };
}

/** Terminates an open workflow; one that is not there, or over, is what was wanted. */
async function endExecution(
  connection: NativeConnection,
  namespace: string,
  workflowId: string,
): Promise<void> {
  const { Client } = await import('@temporalio/client');
  const handle = new Client({ connection, namespace }).workflow.getHandle(workflowId);
  await handle.terminate('its process is gone; the run is resumed').catch(() => undefined);
}

async function closeAll(closers: (() => Promise<void>)[]): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close().catch(() => undefined);
}
