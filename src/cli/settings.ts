/** Flags that every command takes, as one frozen object. Defaults live here; the environment comes in as an argument. */

import { resolve } from 'node:path';

import { UserError } from '../model/errors.ts';
import { cacheFolder } from '../run/worker/cache-folder.ts';

import type { ServiceChoice } from '../run/worker/connection.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export type Settings = {
  readonly json: boolean;
  readonly verbose: boolean;
  readonly stateDir?: string;
  /** Folder or `s3://` address of the artifacts and results, shared by the workers of a fleet; default `<state dir>/store`. */
  readonly store?: string;
  readonly secretsDir?: string;
  /** 0: no exporter. */
  readonly prometheusPort: number;
  readonly prometheusAddress: string;
  /** TLS and passwords of the exporter; absolute path. */
  readonly webConfig?: string;
  /** File for a collector of text files; absolute path. */
  readonly metricsFile?: string;
  /** Seconds to wait for a first scrape before the first step; 0: not at all. */
  readonly waitForScrape: number;
  readonly service: ServiceChoice;
  readonly taskQueue: string;
  /** Who delivers with a service: the calling command, or workers that were started with `--deliver`. */
  readonly deliverBy: 'caller' | 'workers';
  readonly temporalBinary?: string;
  /** File of keys for payloads; absolute path. */
  readonly payloadKeyFile?: string;
  /** Command that prints keys for payloads. */
  readonly payloadKeyCommand?: string;
  readonly clearPayloads: boolean;
  /** Threads of each query; default: the machine's. */
  readonly sqlThreads?: number;
  /** Seconds to wait for a last scrape; 'auto': only if someone scrapes. */
  readonly linger: 'auto' | number;
  readonly cacheDir: string;
  readonly env: Environment;
};

export const DEFAULTS = Object.freeze({
  prometheusAddress: '0.0.0.0',
  taskQueue: 'builder',
});

/** Raw flags as the parser leaves them. */
export type GlobalFlags = {
  readonly json?: boolean;
  readonly verbose?: boolean;
  readonly stateDir?: string;
  readonly store?: string;
  readonly secretsDir?: string;
  readonly prometheusPort?: string;
  readonly prometheusAddress?: string;
  readonly temporalAddress?: string;
  readonly temporalProfile?: string;
  readonly namespace?: string;
  readonly taskQueue?: string;
  readonly temporalBinary?: string;
  readonly payloadKeyFile?: string;
  readonly payloadKeyCommand?: string;
  readonly clearPayloads?: boolean;
  readonly sqlThreads?: string;
  readonly linger?: string;
  readonly prometheusWebConfig?: string;
  readonly metricsFile?: string;
  readonly waitForScrape?: string;
  readonly deliverBy?: string;
};

/** Settings from flags and environment. @throws UserError BAD_USAGE */
export function settingsFrom(flags: GlobalFlags, env: Environment, cwd: string): Settings {
  const absolute = (path: string | undefined): string | undefined =>
    path === undefined ? undefined : resolve(cwd, path);
  const optional = {
    webConfig: absolute(flags.prometheusWebConfig),
    metricsFile: absolute(flags.metricsFile),
    stateDir: flags.stateDir,
    store: flags.store,
    secretsDir: flags.secretsDir,
    temporalBinary: flags.temporalBinary,
    payloadKeyFile: absolute(flags.payloadKeyFile ?? variable(env, 'BUILDER_PAYLOAD_KEY_FILE')),
    payloadKeyCommand: flags.payloadKeyCommand ?? variable(env, 'BUILDER_PAYLOAD_KEY_COMMAND'),
    sqlThreads:
      flags.sqlThreads === undefined
        ? undefined
        : wholeNumber('--sql-threads', flags.sqlThreads, 1, 1024),
  };
  const service = {
    address: flags.temporalAddress,
    profile: flags.temporalProfile,
    namespace: flags.namespace,
  };
  return Object.freeze({
    ...(defined(optional) as Partial<Settings>),
    json: flags.json ?? false,
    verbose: flags.verbose ?? false,
    prometheusPort: wholeNumber('--prometheus-port', flags.prometheusPort ?? '0', 0, 65535),
    prometheusAddress: flags.prometheusAddress ?? DEFAULTS.prometheusAddress,
    service: defined(service),
    clearPayloads: flags.clearPayloads ?? isSet(env, 'BUILDER_CLEAR_PAYLOADS'),
    taskQueue: flags.taskQueue ?? DEFAULTS.taskQueue,
    deliverBy: deliverByOf(flags.deliverBy ?? 'caller'),
    linger:
      flags.linger === undefined || flags.linger === 'auto'
        ? 'auto'
        : wholeNumber('--linger', flags.linger, 0, 3600),
    waitForScrape: wholeNumber('--wait-for-scrape', flags.waitForScrape ?? '0', 0, 3600),
    cacheDir: cacheFolder(env),
    env,
  });
}

function variable(env: Environment, name: string): string | undefined {
  return env[name] === '' ? undefined : env[name];
}

/** @throws UserError BAD_USAGE */
function isSet(env: Environment, name: string): boolean {
  const text = variable(env, name) ?? '0';
  if (text === '1' || text === 'true') return true;
  if (text === '0' || text === 'false') return false;
  throw new UserError('BAD_USAGE', `${name} is '${text}'; it is 1 or 0`);
}

function deliverByOf(text: string): Settings['deliverBy'] {
  if (text === 'caller' || text === 'workers') return text;
  throw new UserError('BAD_USAGE', `--deliver-by is '${text}'; it is caller or workers`);
}

/** A whole number given as a flag. @throws UserError BAD_USAGE */
export function wholeNumber(flag: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value) || value < least || value > most) {
    throw new UserError(
      'BAD_USAGE',
      `${flag} is '${text}'; it is a whole number from ${least} to ${most}`,
    );
  }
  return value;
}

function defined<T extends object>(value: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };
}
