/** What the use-cases of one project share: store, records, metrics and engine, each opened when it is first needed. */

import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

import { openMetrics } from '../metrics/open-metrics.ts';
import { hasOldRuns } from '../store/import/old-runs.ts';
import { openMemoryStore } from '../store/memory/memory-store.ts';
import { openRunRecords } from '../store/run-records.ts';
import { artifactsFolder, isElsewhere, lookIntoStore, storeFolder } from '../store/open-store.ts';
import { ownStore } from '../store/store-places.ts';
import { serviceOf } from './worker/connection.ts';
import { closeAll, openLink } from './worker/link.ts';
import { openRecords } from './records.ts';
import { sharedDeliverQueue, sharedTaskQueue } from './worker/queues.ts';
import { givenPayloadKeys } from './worker/payload-keys.ts';
import { wantsTraces } from '../tracing/tracing.ts';
import { makeSharedHealth } from './shared-health.ts';
import { checkStateDir, makeStateDir } from './definitions/state-dir.ts';
import { whereToServe } from './where-to-serve.ts';
import { NOBODY } from './hooks-port.ts';

import type { Tracing } from '../tracing/tracing.ts';
import type { Metrics } from '../metrics/open-metrics.ts';
import type { Mode } from '../metrics/telemetry.ts';
import type { RunRecords } from '../store/run-records.ts';
import type { StorePlace } from '../store/store-elsewhere.ts';
import type { Store } from '../store/store.ts';
import type { PayloadKey } from '../payloads/keys.ts';
import type { Link } from './worker/link.ts';
import type { Recorded } from './records.ts';
import type { Tell } from './project-events.ts';
import type { ProjectHooks } from './hooks-port.ts';
import type { ProjectOptions } from './project-options.ts';
import type { SharedHealth } from './shared-health.ts';

export type Parts = {
  readonly options: ProjectOptions;
  /** Absolute path of the store, or the address of its bucket; of a store that was given, where one of the state folder would lie. */
  readonly storeRoot: string;
  /** Folder that takes its bytes on this machine. */
  readonly storeFolder: string;
  /** Folder of a run's plan and logs. */
  folder(runId: string): string;
  /** Creates store and state folder. @throws UserError STATE_DIR_UNUSABLE */
  records(): Promise<RunRecords>;
  /** Below it lie the artifacts that queries read. */
  readonly artifactsRoot: string;
  /** True: steps are executed by the embedded engine, so by this process. */
  isEmbedded(): Promise<boolean>;
  store(): Promise<Store>;
  /** The same to look things up in it: makes nothing, and is empty where there is none. */
  look(): Promise<Store>;
  /** The keys for payloads that it was given, read once. @throws UserError PAYLOAD_KEY_UNUSABLE, BAD_USAGE */
  payloadKeys(tell: Tell): Promise<readonly PayloadKey[]>;
  /** Binds the port at the first call, which says whether the process serves. @throws UserError PORT_IN_USE */
  metrics(tell: Tell, mode?: Mode): Promise<Metrics>;
  /** Undefined: nobody asked for traces, or the library is missing. */
  tracing(tell: Tell): Promise<Tracing | undefined>;
  /**
   * Who is told when runs end. One listener hears what goes wrong with it: the first. Where it is not wanted, and
   * nothing is left of earlier runs, it does nothing, and costs as much.
   */
  hooks(tell: Tell, isWanted?: boolean): Promise<ProjectHooks>;
  readonly health: SharedHealth;
  /** The engine, started or found at the first call, and again once it is gone. @throws UserError with exit code 3 */
  link(tell: Tell): Promise<Link>;
  close(): Promise<void>;
};

/** Opens nothing yet. */
export function makeParts(options: ProjectOptions): Parts {
  const { stateDir, env = {} } = options;
  let recorded: Promise<Pick<Recorded, 'store' | 'records'>> | undefined;
  let looked: Promise<Store> | undefined;
  let metrics: Promise<Metrics> | undefined;
  let payloadKeys: Promise<readonly PayloadKey[]> | undefined;
  let link: Promise<Link> | undefined;
  let hooks: Promise<ProjectHooks> | undefined;
  let tracing: Promise<Tracing | undefined> | undefined;
  const closers: (() => Promise<void>)[] = [];
  let isClosed = false;

  const parts: Parts = {
    options,
    storeRoot: rootOf(options),
    storeFolder: storeFolder(placeOf(options)),
    folder: (runId) => join(stateDir, 'runs', runId),
    records: async () => (await open()).records,
    artifactsRoot: artifactsFolder(placeOf(options)),
    hooks: async (tell, isWanted = true) =>
      hooks === undefined && !isWanted && !existsSync(join(stateDir, 'hooks'))
        ? NOBODY
        : (hooks ??= openHooks(tell)),
    health: makeSharedHealth(),
    isEmbedded: async () => (await serviceOf(options.engine ?? {}, env)) === undefined,
    store: async () => (await open()).store,
    look: async () => {
      const isOpened = recorded !== undefined || typeof options.store === 'object';
      if (isOpened || hasOldRuns(stateDir)) return (await open()).store;
      return (looked ??= lookAtStore());
    },
    payloadKeys: (tell) => (payloadKeys ??= givenPayloadKeys(options, tell)),
    metrics: (tell, mode = 'one-shot') => {
      metrics ??= serve(tell, mode).catch((error: unknown) => {
        metrics = undefined;
        throw error;
      });
      return metrics;
    },
    tracing: async (tell) => (wantsTraces(env) ? (tracing ??= trace(tell)) : undefined),
    link: async (tell) => {
      const known = await link?.catch(() => undefined);
      if (known?.engine.isUp?.() === false) link = undefined;
      link ??= start(tell).catch((error: unknown) => {
        link = undefined;
        throw error;
      });
      return link;
    },
    close: () => {
      isClosed = true;
      return closeAll(closers);
    },
  };

  function open(): Promise<Pick<Recorded, 'store' | 'records'>> {
    recorded ??= openStoreOf(options).then((opened) => {
      closers.push(async () => {
        await opened.store.settled();
        // One that was given is its giver's.
        if (typeof options.store !== 'object') opened.store.close();
      });
      return opened;
    });
    recorded.catch(() => (recorded = undefined));
    return recorded;
  }

  async function lookAtStore(): Promise<Store> {
    checkStateDir(stateDir);
    const store = await lookIntoStore(placeOf(options));
    if (store === undefined) return openMemoryStore({ folder: parts.artifactsRoot });
    closers.push(async () => store.close());
    return store;
  }

  async function serve(tell: Tell, mode: Mode): Promise<Metrics> {
    const file = options.metrics?.file;
    const warn = (text: string): void => tell({ type: 'said', text });
    const where = await whereToServe(options.metrics, warn);
    const queue = sharedTaskQueue(options.engine);
    const opened = await openMetrics({
      ...where,
      ...(file === undefined ? {} : { file }),
      // Workers in containers may share a state folder, and a port; machines may share a store, and each has that port.
      ...((await mayShareItsPort(where.port, mode))
        ? { exporter: `${hostname()}:${where.port === 0 ? `file:${file}` : where.port}` }
        : {}),
      store: await parts.store(),
      stateDir,
      mode,
      queues: [queue, sharedDeliverQueue(queue)],
    });
    closers.push(() => opened.close());
    const spans = await parts.tracing(tell);
    if (spans === undefined) return opened;
    const { traced } = await import('./traced.ts');
    return traced(opened, spans);
  }

  async function mayShareItsPort(port: number, mode: Mode): Promise<boolean> {
    if (isElsewhere(parts.storeRoot)) return true;
    return mode === 'long-lived' && port !== 0 && !(await parts.isEmbedded());
  }

  async function trace(tell: Tell): Promise<Tracing | undefined> {
    const { openTracing } = await import('./traced.ts');
    const opened = await openTracing(env, tell);
    if (opened !== undefined) closers.push(() => opened.close());
    return opened;
  }

  async function openHooks(tell: Tell): Promise<ProjectHooks> {
    const { makeProjectHooks } = await import('./project-hooks.ts');
    const opened = makeProjectHooks(parts, tell);
    closers.push(() => opened.close());
    return opened;
  }

  async function start(tell: Tell): Promise<Link> {
    const keys = await parts.payloadKeys(tell);
    const opened = await openLink(options, await parts.metrics(tell), keys, tell);
    // Who asked for it has left meanwhile.
    if (isClosed) await opened.close();
    closers.push(() => opened.close());
    return opened;
  }

  return parts;
}

/** The store that a project was given, or the one in its state folder. */
async function openStoreOf(options: ProjectOptions): Promise<Pick<Recorded, 'store' | 'records'>> {
  const { store, stateDir } = options;
  makeStateDir(stateDir);
  if (typeof store !== 'object') return openRecords(stateDir, rootOf(options));
  return { store, records: openRunRecords(stateDir, store, { shared: true }) };
}

function rootOf({ store, stateDir }: ProjectOptions): string {
  return typeof store === 'string' ? store : ownStore(stateDir);
}

function placeOf(options: ProjectOptions): StorePlace {
  return { root: rootOf(options), stateDir: options.stateDir };
}
