/**
 * The embedded engine of a state folder: one server, started by the first command that needs it, adopted by the next,
 * stopped by the last. Nothing here imports a package of Temporal, so the server starts before they are loaded.
 */

import { setTimeout as pause } from 'node:timers/promises';

import { UserError } from '../model/errors.ts';
import { findBinary } from './binary.ts';
import { endServer, settleRecords, stopUnneeded } from './end-server.ts';
import { enginePaths } from './engine-paths.ts';
import { livingLeases, takeLease } from './leases.ts';
import { NAMESPACE, namespaceState, raiseRetention } from './namespace.ts';
import { dropRecord, moveRecord, runningServer } from './server-records.ts';
import { startServer } from './start-server.ts';
import { withLease } from '../os/lease-turn.ts';

import type { BinaryWay } from './binary-ways.ts';
import type { EnginePaths } from './engine-paths.ts';
import type { Lease } from './leases.ts';
import type { NamespaceState } from './namespace.ts';
import type { Platform } from './platform.ts';
import type { Lease as Turn } from '../os/lease.ts';
import type { ServerRecord } from './server-records.ts';

export type EngineOptions = {
  readonly stateDir: string;
  /** XDG_CACHE_HOME or ~/.cache; fetched server binaries go below it. */
  readonly cacheDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform?: Platform;
  /** Path of a server binary; wins over every other way to find one. */
  readonly binary?: string;
  /** How long the server outlives commands that died without giving it back. Whole seconds; default 5 minutes. */
  readonly idleStopMs?: number;
  /** How long a running server may take to answer before it counts as hung; default 6 s. */
  readonly answerLimitMs?: number;
  /** Ways to fetch a binary, in order; for tests. */
  readonly ways?: readonly BinaryWay[];
  /** A line for people: what is fetched, waited for or repaired. Silent when all is there. */
  readonly onProgress: (line: string) => void;
};

export type EngineInfo = {
  /** `127.0.0.1:port` of the gRPC frontend. */
  readonly address: string;
  readonly uiUrl: string;
  readonly namespace: string;
  /** Version of the server, such as 1.32.0. */
  readonly version: string;
  readonly pid: number;
  readonly logFile: string;
};

export type EngineHandle = EngineInfo & {
  /** False once the server's process is gone, or is being stopped by someone else. */
  isUp(): boolean;
  /** True: another command had started it. */
  readonly adopted: boolean;
  /** Gives the engine back; the last one to do so asks it to stop. Does not wait for that. Harmless when repeated. */
  release(): Promise<void>;
};

const IDLE_STOP_MS = 5 * 60_000;
const ANSWER_LIMIT_MS = 6000;
const ADOPT_PROBE_MS = 2000;
const ADOPT_PAUSE_MS = 50;

/**
 * A usable engine: the running one, or a new one.
 * @throws UserError ENGINE_NOT_FOUND, ENGINE_START_FAILED (exit 3)
 */
export async function ensureEngine(options: EngineOptions): Promise<EngineHandle> {
  return (await startingEngine(options)).ready;
}

/**
 * Like `ensureEngine`, but answers as soon as the server's process is on its way, so that the caller can import heavy
 * modules meanwhile. Errors come from `ready`; one that nobody awaits does not end the process.
 */
export function startingEngine(
  options: EngineOptions,
): Promise<{ readonly ready: Promise<EngineHandle> }> {
  return new Promise((resolve) => {
    const ready = bringUp(options, () => resolve({ ready }));
    ready.catch(() => undefined).finally(() => resolve({ ready }));
  });
}

/** The engine that runs for a state folder, neither started nor leased. Whether it answers is not checked. */
export function peekEngine(stateDir: string): EngineInfo | undefined {
  const paths = enginePaths(stateDir);
  const running = runningServer(paths.servers);
  return running === undefined ? undefined : infoOf(paths, running.record);
}

/** Stops the engine whoever uses it, and waits until it is gone. False if none was running. */
export async function stopEngine(stateDir: string): Promise<boolean> {
  const paths = enginePaths(stateDir);
  const running = runningServer(paths.servers);
  if (running === undefined) return false;
  moveRecord(paths.servers, running.id, 'running', 'stopping');
  await endServer(running.record);
  dropRecord(paths.servers, running.id);
  return true;
}

async function bringUp(options: EngineOptions, onSpawned: () => void): Promise<EngineHandle> {
  const paths = enginePaths(options.stateDir);
  const { onProgress } = options;
  // Before the first look at the server: whoever is about to stop it sees this.
  const lease = takeLease(paths.leases);
  // A process that leaves before the engine is ready leaves nothing behind either.
  let turn: Turn | undefined;
  const onExit = (): void => {
    turn?.release();
    leave(paths, lease);
  };
  process.on('exit', onExit);
  try {
    return await withLease(
      paths.lock,
      async (mine) => {
        turn = mine;
        await settleRecords(paths);
        const adopted = await adoptRunning(paths, options);
        const record = adopted ?? (await startFresh(options, paths, onSpawned));
        lease.use();
        return handleOf(paths, record, lease, adopted !== undefined);
      },
      { onWait: (who) => onProgress(`Waiting for ${who}, which is starting the engine.`) },
    );
  } catch (error) {
    lease.drop();
    throw error;
  } finally {
    process.off('exit', onExit);
  }
}

function leave(paths: EnginePaths, lease: Lease): void {
  lease.drop();
  stopUnneeded(paths);
}

/** The running server if it answers. One that hangs is ended, unless other commands rely on it. */
async function adoptRunning(
  paths: EnginePaths,
  { onProgress, answerLimitMs = ANSWER_LIMIT_MS }: EngineOptions,
): Promise<ServerRecord | undefined> {
  const running = runningServer(paths.servers);
  if (running === undefined) return undefined;
  const { id, record } = running;
  const giveUpAtMs = Date.now() + answerLimitMs;
  let state: NamespaceState = 'absent';
  while (Date.now() < giveUpAtMs) {
    state = await namespaceState(record.address, Math.min(ADOPT_PROBE_MS, answerLimitMs));
    if (state === 'usable') return record;
    if (state === 'spoilt') break;
    if (runningServer(paths.servers)?.id !== id) break;
    await pause(ADOPT_PAUSE_MS);
  }
  const what =
    state === 'spoilt'
      ? 'had its namespace put out of use by somebody'
      : 'does not answer any more';
  const users = livingLeases(paths.leases).filter(({ inUse }) => inUse);
  if (users.length > 0 && runningServer(paths.servers)?.id === id) {
    throw new UserError(
      'ENGINE_START_FAILED',
      `the engine of ${paths.root} (pid ${record.pid}) ${what}, and other commands use it (pid ${users.map(({ pid }) => pid).join(', ')})`,
      { exitCode: 3, hint: 'End those commands, or wait for them, and try again.' },
    );
  }
  onProgress(`The engine (pid ${record.pid}) ${what}; a new one is started.`);
  await endServer(record, true);
  dropRecord(paths.servers, id);
  return undefined;
}

async function startFresh(
  options: EngineOptions,
  paths: EnginePaths,
  onSpawned: () => void,
): Promise<ServerRecord> {
  const { env, onProgress, idleStopMs = IDLE_STOP_MS } = options;
  const binary = await findBinary(options);
  const record = await startServer({
    paths,
    binary,
    env: serverEnvironment(env),
    idleStopMs,
    onSpawned,
    onProgress,
  });
  void raiseRetention(record.address);
  return record;
}

/** The server gets what a program needs to live, and none of the user's secrets. */
function serverEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const names = ['HOME', 'PATH', 'TMPDIR', 'GOMAXPROCS', 'GOMEMLIMIT', 'GOGC'];
  const kept = names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]]));
  return { PATH: '/usr/bin:/bin', ...(Object.fromEntries(kept) as Record<string, string>) };
}

function handleOf(
  paths: EnginePaths,
  record: ServerRecord,
  lease: Lease,
  adopted: boolean,
): EngineHandle {
  const giveBack = (): void => {
    process.off('exit', giveBack);
    leave(paths, lease);
  };
  // A process that ends without release(), by an error or by process.exit, leaves nothing behind either.
  process.on('exit', giveBack);
  return Object.freeze({
    ...infoOf(paths, record),
    adopted,
    isUp: () => runningServer(paths.servers)?.record.pid === record.pid,
    release: async () => giveBack(),
  });
}

function infoOf(paths: EnginePaths, record: ServerRecord): EngineInfo {
  const { address, uiUrl, version, pid } = record;
  return { address, uiUrl, version, pid, namespace: NAMESPACE, logFile: paths.logFile };
}
