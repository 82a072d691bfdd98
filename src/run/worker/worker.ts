/** Composition root of a worker: names every part of it, and starts and stops them in order. */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Worker } from '@temporalio/worker';

import { itemTables } from '../../duckdb/items/item-tables.ts';
import { makeSharedEngine } from '../../duckdb/shared-engine.ts';
import { limitsOf } from '../../activities/limits.ts';
import { makeDeliverActivity } from '../../activities/deliver-activity.ts';
import { makeGiveActivity } from '../../activities/give-activity.ts';
import { makeGoingOn } from '../../activities/going-on.ts';
import { makeItemsActivities } from '../../activities/items-activities.ts';
import { makeStepActivities } from '../../activities/step-activity.ts';
import { SHARED_SPILL } from '../../activities/sweep-attempts.ts';
import { makeStopping } from '../../activities/stopping.ts';
import { GIVE } from '../../model/step-result.ts';
import { makeOrderGuard } from '../../orders/guard.ts';
import { dataConverterOf } from '../../payloads/converter.ts';
import { makeLogInterceptor } from './log-fields.ts';

import type {
  ActivityInterceptorsFactory,
  InjectedSinks,
  WorkerOptions,
  NativeConnection,
} from '@temporalio/worker';
import type { StepWork } from '../../activities/wait-for-work.ts';
import type { EndInput } from '../../model/run-summary.ts';
import type { EventSinks } from '../../model/events.ts';
import type { Orders } from '../../orders/guard.ts';
import type { PayloadKeys } from '../../payloads/keys.ts';
import type { StepEnvironment } from '../../activities/run-step.ts';
import type { Machine } from '../../activities/limits.ts';
import type { AnyStepDefinition } from '../../kinds/contract.ts';
import type { Store } from '../../store/store.ts';

export type WorkerSettings = {
  readonly connection: NativeConnection;
  readonly namespace: string;
  /** Serves workflows and steps; absent: only deliveries. */
  readonly taskQueue?: string;
  /** The version that its workflows and steps are of: runs stay with the one they began with. */
  readonly version?: WorkerVersion;
  /** Serves `deliver`. May be the same queue. */
  readonly deliverQueue?: string;
  /** Records how a run ended that no command waits for; where deliveries of other processes' runs are made. */
  readonly recordEnd?: (end: EndInput) => Promise<void>;
  /** The lock of `--out` that this process holds, where the run to deliver was begun under an earlier one. */
  readonly outToken?: number;
  readonly store: Store;
  readonly attemptsRoot: string;
  /** Below it lie the artifacts that queries read. */
  readonly artifactsRoot: string;
  readonly runFolder: (runId: string) => string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly secret: (name: string) => string | undefined;
  readonly bootId: string;
  readonly sqlThreads?: number;
  readonly sinks: Pick<InjectedSinks<EventSinks>, 'events'>;
  readonly interceptors: readonly ActivityInterceptorsFactory[];
  /** What attempts hand to the commands they start, so that those go on with the trace. */
  readonly traceparent?: StepEnvironment['traceparent'];
  readonly onWaiting?: StepEnvironment['onWaiting'];
  /** Set: only what the state folder's own commands ordered is executed. Absent: whoever reaches the service is trusted. */
  readonly orders?: Orders;
  /** Milliseconds between heartbeats of a running step: how soon it learns of a cancel. */
  readonly heartbeatEveryMs: number;
  /** What payloads are written and read with. */
  readonly payloadKeys: PayloadKeys;
  /** One run at a time: small caches and few pollers. */
  readonly embedded: boolean;
  /** The kinds it serves, each an activity. */
  readonly kinds: readonly AnyStepDefinition[];
  /** Steps that run at once on this worker. */
  readonly slots: number;
  /** Workers like it that share what this process may use, itself included. */
  readonly beside: number;
};

/** As Temporal names it; a build is given work once somebody has made it current. */
export type WorkerVersion = {
  readonly deployment: string;
  /** Default: of the workflow code. */
  readonly build?: string;
};

export type RunningWorker = {
  /** Settles when every part has stopped; rejects if one broke. */
  readonly done: Promise<void>;
  state(): 'running' | 'stopping' | 'broken';
  /** Stops taking work, tells running steps, and waits for them. */
  stop(): Promise<void>;
  /** How many steps are being worked on, whether their engine still knows of them or not. */
  steps(): number;
  /** Resolves when none is. */
  stepsEnded(): Promise<void>;
};

/** Of a hash, enough to tell builds apart. */
const BUILD_LETTERS = 12;

/** What this process may use of the machine: in a container its limits, not the host's. */
function machineOf(): Machine {
  const constrained = process.constrainedMemory?.() ?? 0;
  const memoryBytes = constrained > 0 ? Math.min(totalmem(), constrained) : totalmem();
  return { memoryBytes, cpus: availableParallelism() };
}

/** Starts the workers that a process needs: one for the task queue, one for the deliveries it serves. */
export async function startWorker(settings: WorkerSettings): Promise<RunningWorker> {
  const { taskQueue, deliverQueue } = settings;
  const machine = machineOf();
  const stopping = makeStopping();
  const goingOn: StepWork = makeGoingOn();
  const sinks: InjectedSinks<EventSinks> = {
    ...settings.sinks,
    attempts: {
      stop: {
        fn: (_info, { runId, generation }, within) =>
          stopping.stop({ id: runId, generation, ...(within === undefined ? {} : { within }) }),
        callDuringReplay: false,
      },
    },
  };
  const engine = makeSharedEngine({
    roots: [settings.attemptsRoot, settings.artifactsRoot],
    scratch: join(settings.attemptsRoot, SHARED_SPILL),
  });
  const environment: StepEnvironment = {
    store: settings.store,
    attemptsRoot: settings.attemptsRoot,
    runFolder: settings.runFolder,
    env: settings.env,
    secret: settings.secret,
    bootId: settings.bootId,
    items: itemTables,
    engine,
    ...(settings.traceparent === undefined ? {} : { traceparent: settings.traceparent }),
    ...(settings.onWaiting === undefined ? {} : { onWaiting: settings.onWaiting }),
    limits: (concurrency) => limitsOf(machine, concurrency * settings.beside, settings.sqlThreads),
  };
  const waiting = { heartbeatEveryMs: settings.heartbeatEveryMs, stopping, goingOn };
  const steps = {
    ...makeStepActivities(settings.kinds, environment, waiting),
    ...makeItemsActivities(settings.kinds, environment, waiting),
  };
  const deliveries = {
    deliver: makeDeliverActivity(settings.store, settings.outToken),
    ...(settings.recordEnd === undefined ? {} : { recordEnd: settings.recordEnd }),
  };
  const common = {
    connection: settings.connection,
    namespace: settings.namespace,
    dataConverter: dataConverterOf(settings.payloadKeys),
    maxHeartbeatThrottleInterval: settings.heartbeatEveryMs,
    defaultHeartbeatThrottleInterval: settings.heartbeatEveryMs,
    shutdownGraceTime: 0,
    shutdownForceTime: '20s',
  } satisfies Partial<WorkerOptions>;

  const guard = settings.orders === undefined ? undefined : makeOrderGuard(settings.orders);
  const guarding = guard === undefined ? [] : [guard.activity];
  const creations: Promise<Worker>[] = [];
  if (taskQueue !== undefined) {
    creations.push(
      Worker.create({
        ...common,
        taskQueue,
        workflowBundle: { codePath: workflowBundleFor(settings.payloadKeys) },
        activities: {
          ...steps,
          [GIVE]: makeGiveActivity(settings),
          ...(deliverQueue === taskQueue ? deliveries : {}),
        },
        sinks: guard?.sinks(sinks) ?? sinks,
        interceptors: {
          activity: [makeLogInterceptor(), ...guarding, ...settings.interceptors],
        },
        maxConcurrentActivityTaskExecutions: settings.slots,
        ...(settings.version === undefined ? {} : versioned(settings.version)),
        ...(settings.embedded
          ? {
              maxCachedWorkflows: 10,
              maxConcurrentWorkflowTaskExecutions: 4,
              maxConcurrentWorkflowTaskPolls: 2,
            }
          : { maxCachedWorkflows: 200 }),
      }),
    );
  }
  if (deliverQueue !== undefined && deliverQueue !== taskQueue) {
    creations.push(
      Worker.create({
        ...common,
        taskQueue: deliverQueue,
        activities: deliveries,
        interceptors: { activity: guarding },
        maxConcurrentActivityTaskExecutions: 2,
      }),
    );
  }
  const workers = await Promise.all(creations);
  const done = Promise.all(workers.map(async (worker) => worker.run())).then(() => undefined);
  done.catch(() => undefined);
  return {
    done,
    state: () => {
      const states = workers.map((worker) => worker.getState());
      if (states.includes('FAILED')) return 'broken';
      return states.every((state) => state === 'RUNNING') ? 'running' : 'stopping';
    },
    stop: async () => {
      for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
      await done.catch(() => undefined);
      await goingOn.end('worker stopped');
      await engine.close();
    },
    steps: () => goingOn.count(),
    stepsEnded: () => goingOn.idle(),
  };
}

/** A run that goes on is never given to other code than it began with. */
function versioned({
  deployment,
  build = workflowBundleHash().slice(0, BUILD_LETTERS),
}: WorkerVersion): Pick<WorkerOptions, 'workerDeploymentOptions'> {
  return {
    workerDeploymentOptions: {
      version: { deploymentName: deployment, buildId: build },
      useWorkerVersioning: true,
      defaultVersioningBehavior: 'PINNED',
    },
  };
}

/** The prebuilt workflow bundle beside the compiled code. */
function workflowBundlePath(): string {
  return fileURLToPath(new URL('../../workflow-bundle.js', import.meta.url));
}

/** The bundle for workers that write payloads with these keys. */
export function workflowBundleFor({ own }: PayloadKeys): string {
  return own === undefined ? workflowBundlePath() : encodingBundlePath();
}

/** The same code, but that what it says of failures is left to the codec. */
function encodingBundlePath(): string {
  return fileURLToPath(new URL('../../workflow-bundle-encoding.js', import.meta.url));
}

let bundleHash: string | undefined;

/** sha256 of the workflow code this process would run. */
export function workflowBundleHash(): string {
  bundleHash ??= createHash('sha256').update(readFileSync(workflowBundlePath())).digest('hex');
  return bundleHash;
}
