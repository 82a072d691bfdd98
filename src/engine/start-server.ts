/**
 * Starts a server and waits until it can be used. A database that it cannot open is moved aside, never deleted:
 * what a run did is recorded in its own files. The caller holds the engine's lock.
 */

import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
} from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { basename, dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { UserError } from '../model/errors.ts';
import { SEARCHED } from '../model/searched.ts';
import { databaseFile } from './engine-paths.ts';
import { startKeeper } from './keeper.ts';
import { namespaceState } from './namespace.ts';
import { endServer } from './end-server.ts';
import { announceServer, dropRecord, runningServer, withdrawServer } from './server-records.ts';

import type { EngineBinary } from './binary.ts';
import type { EnginePaths } from './engine-paths.ts';
import type { ServerRecord } from './server-records.ts';

/** Measured in docs/decisions.md. WAL and NORMAL survive a kill -9; the last one lifts a limit of 20 hand-overs a second. */
const SERVER_SETTINGS: readonly string[] = Object.freeze(
  [
    '--sqlite-pragma journal_mode=WAL',
    '--sqlite-pragma synchronous=NORMAL',
    '--dynamic-config-value history.transferProcessorMaxPollRPS=10000',
    // The server's own second would make every shorter wait between attempts a second long.
    '--dynamic-config-value history.timerProcessorMaxTimeShift="1ms"',
    // Its HTTP interface takes orders from any web page. It cannot be turned off, but answers to no name.
    '--dynamic-config-value frontend.httpAllowedHosts=["nobody.invalid"]',
    '--log-level error',
  ].flatMap((flag) => flag.split(' ')),
);

const START_LIMIT_MS = 60_000;
const PROBE_MS = 2000;
const POLL_MS = 10;
const TRIES = 8;
/** Longer before each further try: whoever needs ports for a moment gives them back. */
const TRY_PAUSE_MS = 50;
const MAX_LOG_BYTES = 2_000_000;
/** A server cannot open its database with less. */
const FULL_BELOW_BYTES = 1_000_000;

export type StartOptions = {
  readonly paths: EnginePaths;
  readonly binary: EngineBinary;
  /** The server's whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly idleStopMs: number;
  /** Called the moment its process is on its way. */
  readonly onSpawned: () => void;
  readonly onProgress: (line: string) => void;
};

/** @throws UserError ENGINE_START_FAILED with the end of the server's log. */
export async function startServer(options: StartOptions): Promise<ServerRecord> {
  const { paths, binary, onProgress } = options;
  const database = databaseFile(paths, binary.serverVersion);
  mkdirSync(dirname(database), { recursive: true });
  shortenLog(paths.logFile);
  let aside: string | undefined;
  for (let triesLeft = TRIES; ;) {
    const result = await tryStart(options, database);
    if ('record' in result) return result.record;
    if (result.isChance && --triesLeft > 0) {
      await pause(TRY_PAUSE_MS * (TRIES - triesLeft));
      continue;
    }
    // A full disk is no fault of the database, whatever the server says of it.
    const isFull = freeBytes(dirname(database)) < FULL_BELOW_BYTES;
    if (result.blamesDatabase && !isFull && aside === undefined && existsSync(database)) {
      aside = `${database}.unusable-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`;
      moveDatabase(database, aside);
      onProgress(
        `The engine's database ${result.isSpoilt ? 'has its namespace put out of use by somebody' : `could not be opened (${lastLine(result.log)})`}. It was moved to ${aside}; a new one is made.`,
      );
      continue;
    }
    if (aside !== undefined) {
      removeDatabase(database);
      moveDatabase(aside, database);
    }
    throw isFull ? diskIsFull(dirname(database)) : startFailed(options, result);
  }
}

type Failure = {
  readonly log: string;
  readonly hung: boolean;
  /** It answers, and takes no workflow. */
  readonly isSpoilt: boolean;
  /** A signal ended it (a kill, the memory's end), or a port was taken: another try may do, and its database is not why. */
  readonly isChance: boolean;
  /** It ran and ended by itself, so its database may be why. */
  readonly blamesDatabase: boolean;
};

/**
 * What a server says that did not get a port. It chooses some more for itself, and falls over where one of those is
 * taken between its choice and its use: then its last words are those of Go.
 */
const PORT_TAKEN = /address already in use|bind:|ephemeral port|^panic: /im;

async function tryStart(
  options: StartOptions,
  database: string,
): Promise<{ readonly record: ServerRecord } | Failure> {
  const { paths, binary, env, idleStopMs } = options;
  const ports = await freePorts().catch((error: Error) => error);
  if (ports instanceof Error) {
    return {
      log: `no port is free: ${ports.message}`,
      hung: false,
      isSpoilt: false,
      isChance: true,
      blamesDatabase: false,
    };
  }
  const [port, uiPort] = ports;
  const address = `127.0.0.1:${port}`;
  const id = randomBytes(6).toString('hex');
  const facts = {
    address,
    uiUrl: `http://127.0.0.1:${uiPort}`,
    version: binary.serverVersion,
    binary: binary.path,
  };
  const logStart = sizeOf(paths.logFile);
  announceServer(paths.servers, id);
  const keeper = startKeeper({
    paths,
    id,
    facts,
    command: [binary.path, ...serverArguments(basename(database), port, uiPort)],
    cwd: dirname(database),
    env,
    idleStopMs,
  });
  options.onSpawned();
  // A process that leaves meanwhile has nobody who would need it. A keeper that is too young to hear of it finds nothing to do.
  const onExit = (): void => {
    withdrawServer(paths.servers, id);
    keeper.stop();
  };
  process.on('exit', onExit);
  const giveUpAtMs = Date.now() + START_LIMIT_MS;
  let isSpoilt = false;
  try {
    while (!isSpoilt && !keeper.ended() && Date.now() < giveUpAtMs) {
      const state = await namespaceState(address, PROBE_MS);
      if (state !== 'absent') {
        // Another program may have taken the port between the choice and the start: only our own server counts.
        const running = runningServer(paths.servers);
        const isOurs = running?.id === id && !keeper.ended();
        if (isOurs && state === 'usable') return { record: running.record };
        isSpoilt = isOurs;
      }
      await pause(POLL_MS);
    }
  } finally {
    process.off('exit', onExit);
  }
  const hung = !isSpoilt && !keeper.ended();
  const running = runningServer(paths.servers);
  if (running?.id === id) await endServer(running.record);
  dropRecord(paths.servers, id);
  const log = readFileSync(paths.logFile).subarray(logStart).toString('utf8');
  const code = Number(/builder_cli: the server ended with code (\d+)/.exec(log)?.[1] ?? 0);
  const isChance = !hung && !isSpoilt && (code > 128 || PORT_TAKEN.test(log));
  // 126 and 127: the shell could not start it at all.
  const blamesDatabase = isSpoilt || (!hung && !isChance && code < 126);
  return { log, hung, isSpoilt, isChance, blamesDatabase };
}

/**
 * The database is a plain name in the server's working folder: the server makes a `file:` address of what it is given,
 * in which `#`, `?` and `%` of a path would mean something else.
 */
function serverArguments(database: string, port: number, uiPort: number): readonly string[] {
  const ports = `--ip 127.0.0.1 --port ${port} --ui-port ${uiPort}`.split(' ');
  return [
    'server',
    'start-dev',
    '--db-filename',
    database,
    '--ui-disable-news-fetch',
    ...ports,
    // Heeded only by a new database.
    ...Object.values(SEARCHED).flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
    ...SERVER_SETTINGS,
  ];
}

function startFailed({ binary, paths }: StartOptions, { log, hung }: Failure): UserError {
  const why = hung ? `it was not ready after ${START_LIMIT_MS / 1000} s` : lastLine(log);
  return new UserError(
    'ENGINE_START_FAILED',
    `the embedded engine (${binary.path}) did not start: ${why}`,
    {
      exitCode: 3,
      hint: `Its log is ${paths.logFile}. Another server binary can be given with --temporal-binary, or a service with --temporal-address.`,
    },
  );
}

function diskIsFull(folder: string): UserError {
  return new UserError(
    'OUT_OF_SPACE',
    `the embedded engine cannot start: the disk of ${folder} is full`,
    { exitCode: 3, hint: 'Free some space; what was stored before is intact.' },
  );
}

/** Infinity where it is not told. */
function freeBytes(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** The last thing the server said; the keeper's own words, and where in its code it fell over, left out. */
function lastLine(log: string): string {
  const lines = log.split('\n').filter((line) => line !== '' && !line.startsWith('builder_cli:'));
  const line = lines.find((one) => one.startsWith('panic: ')) ?? lines.at(-1) ?? 'it said nothing';
  // Go tells the cause last.
  return line.length > 400 ? `${line.slice(0, 60)} ... ${line.slice(-300)}` : line;
}

/** Two different ports of the loopback that nobody listens on now. */
async function freePorts(): Promise<readonly [number, number]> {
  const servers = await Promise.all([listening(), listening()]);
  const [first, second] = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return [first!, second!];
}

function listening(): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

/** SQLite's three files; the committed data may be in the second. */
const PARTS = ['', '-wal', '-shm'] as const;

function moveDatabase(from: string, to: string): void {
  for (const part of PARTS) if (existsSync(from + part)) renameSync(from + part, to + part);
}

function removeDatabase(path: string): void {
  for (const part of PARTS) rmSync(path + part, { force: true, recursive: true });
}

function shortenLog(path: string): void {
  if (sizeOf(path) > MAX_LOG_BYTES) renameSync(path, `${path}.old`);
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
