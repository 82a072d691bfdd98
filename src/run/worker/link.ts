/** The way to an engine: the embedded one, started or found, or a service; with a connection for workers and clients. */

import { cacheFolder } from './cache-folder.ts';
import { connect, serviceOf } from './connection.ts';
import { UserError } from '../../model/errors.ts';
import { explainFsFailure } from '../../store/fs-failure.ts';
import { findOrderKey, openOrderKey } from '../../orders/key.ts';
import { payloadKeysOf } from './payload-keys.ts';
import { tagPlan, tagStandingOrder } from '../../orders/tags.ts';

import type { Client } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import type { OrderKey } from '../../orders/key.ts';
import type { PayloadKey, PayloadKeys } from '../../payloads/keys.ts';
import type * as ConverterModule from '../../payloads/converter.ts';
import type { Metrics } from '../../metrics/open-metrics.ts';
import type { Plan } from '../../model/plan.ts';
import type { StandingOrder } from '../../model/standing-order.ts';
import type { Tell } from '../project-events.ts';
import type { ProjectOptions } from '../project-options.ts';
import type * as RuntimeModule from './runtime.ts';
import type * as WorkerModule from './worker.ts';

export type Engine = {
  readonly kind: 'embedded' | 'service';
  readonly address: string;
  readonly namespace: string;
  /** Base address of Temporal's UI, where it is known. */
  readonly uiUrl?: string;
  /** Whether its server still runs; only of the embedded engine is that known. */
  readonly isUp?: () => boolean;
};

export type Link = {
  readonly engine: Engine;
  readonly connection: NativeConnection;
  /** Loaded when it is asked for: it takes longer to load than a worker's thread to start. */
  client(): Promise<Client>;
  /** Loaded while the engine starts. */
  readonly modules: {
    readonly worker: typeof WorkerModule;
    readonly runtime: typeof RuntimeModule;
    readonly payloads: typeof ConverterModule;
  };
  /** What payloads are written and read with. */
  readonly payloadKeys: PayloadKeys;
  /** Set: workers demand orders made with it. */
  readonly orderKey: OrderKey | undefined;
  /** The plan as it must be given to workers of this state folder. */
  readonly sign: (plan: Plan) => Plan;
  /** The same of what is to be made later. */
  readonly signOrder: (order: StandingOrder) => StandingOrder;
  /** Leaves the engine; does not wait for its end. */
  close(): Promise<void>;
};

/** Starts or finds the engine, and connects. @throws UserError with exit code 3 */
export async function openLink(
  options: ProjectOptions,
  metrics: Metrics,
  givenKeys: readonly PayloadKey[],
  tell: Tell,
): Promise<Link> {
  const { stateDir, engine: choice = {}, env = {} } = options;
  const service = await serviceOf(choice, env);
  const closers: (() => Promise<void>)[] = [];
  try {
    let engine: Engine;
    let loading: Promise<Link['modules']>;
    // With a service its own authentication decides; a worker of `dev` is reached as one, too, and demands orders.
    const key = service === undefined ? openOrderKey(stateDir) : findOrderKey(stateDir);
    if (service === undefined) {
      const { startingEngine } = await import('../../engine/engine.ts');
      const { ready } = await startingEngine({
        stateDir,
        cacheDir: choice.cacheDir ?? cacheFolder(env),
        env,
        ...(choice.binary === undefined ? {} : { binary: choice.binary }),
        onProgress: (text) => tell({ type: 'said', text }),
      });
      // Only now: loading the SDK keeps this process busy while the server starts in its own.
      loading = loadModules();
      const handle = await ready.catch((error: unknown) => {
        throw inFolder(error, stateDir);
      });
      closers.push(() => handle.release());
      engine = {
        kind: 'embedded',
        address: handle.address,
        namespace: choice.namespace ?? handle.namespace,
        uiUrl: handle.uiUrl,
        isUp: () => handle.isUp(),
      };
    } else {
      loading = loadModules();
      engine = { kind: 'service', address: service.address, namespace: service.namespace };
    }
    const { kind, address, namespace } = engine;
    const payloadKeys = payloadKeysOf(givenKeys, {
      secret: key,
      isEmbedded: kind === 'embedded' || (await isOwnEngine(stateDir, address)),
      inClear: choice.clearPayloads === true,
    });
    tell({ type: 'engine', kind, address, namespace });
    const modules = await loading;
    modules.runtime.needRuntime(() => metrics.runtimeMetrics);
    const connection = await connect(service?.options ?? { address }, kind);
    closers.push(() => connection.close());
    let client: Promise<Client> | undefined;
    return {
      engine,
      connection,
      modules,
      client: () =>
        (client ??= import('@temporalio/client').then(
          (module) =>
            new module.Client({
              connection,
              namespace,
              dataConverter: modules.payloads.dataConverterOf(payloadKeys),
            }),
        )),
      payloadKeys,
      orderKey: service === undefined ? key : undefined,
      sign: (plan) => (key === undefined ? plan : tagPlan(key, plan)),
      signOrder: (order) => (key === undefined ? order : tagStandingOrder(key, order)),
      close: () => closeAll(closers),
    };
  } catch (error) {
    await closeAll(closers);
    throw error;
  }
}

/** A disk that is full or cannot be written is said as such, whatever of the engine met it first. */
function inFolder(error: unknown, stateDir: string): unknown {
  const told = explainFsFailure(error, 'start the engine in', stateDir);
  if (told === error || !(told instanceof UserError)) return error;
  const { code, message, hint } = told;
  const advice = hint === undefined ? {} : { hint };
  return new UserError(code, message, { exitCode: 3, ...advice, cause: error });
}

/** Closes in reverse order, whatever fails. */
export async function closeAll(closers: (() => Promise<void>)[]): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close().catch(() => undefined);
}

async function loadModules(): Promise<Link['modules']> {
  const [worker, runtime, payloads] = await Promise.all([
    import('./worker.ts'),
    import('./runtime.ts'),
    import('../../payloads/converter.ts'),
  ]);
  return { worker, runtime, payloads };
}

/** True for the engine of this state folder that another command keeps up (`dev`). */
async function isOwnEngine(stateDir: string, address: string): Promise<boolean> {
  const { peekEngine } = await import('../../engine/engine.ts');
  return peekEngine(stateDir)?.address === address.replace(/^localhost:/, '127.0.0.1:');
}
