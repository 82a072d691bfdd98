/** What a project is opened with. Pure types, and the few defaults. */

import type { AnyStepDefinition } from '../kinds/contract.ts';
import type { Store } from '../store/store.ts';
import type { ServiceChoice } from './worker/connection.ts';
import type { Tell } from './project-events.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export type ProjectOptions = {
  /** Folder of the records, the store and the embedded engine. Absolute. */
  readonly stateDir: string;
  /** The kinds of step that can be used. */
  readonly kinds: readonly AnyStepDefinition[];
  /** A folder shared by the workers of a fleet, the address of a bucket, or a store; default `<stateDir>/store`. */
  readonly store?: string | Store;
  /** Default: the embedded engine. */
  readonly engine?: EngineChoice;
  /** Served once for the whole project; absent: nothing is. */
  readonly metrics?: MetricsChoice;
  /** What programs, secrets (`BUILDER_SECRET_<NAME>`) and the search for the engine's binary may see; default nothing. */
  readonly env?: Environment;
  /** Folder with one file per secret. */
  readonly secretsDir?: string;
  /** Threads of each query; default: the machine's. */
  readonly sqlThreads?: number;
  /** Relative paths and messages are relative to this folder; default: the process' working directory. */
  readonly cwd?: string;
  /** Told of everything. A listener that throws ends what it was told by. */
  readonly onEvent?: Tell;
};

/** A Temporal service, by address or profile; without either the embedded engine. */
export type EngineChoice = ServiceChoice & {
  /** Shared by the workers of a service; default `builder`. */
  readonly taskQueue?: string;
  /** Who delivers with a service: the process of the run (default), or workers that were started to deliver. */
  readonly deliverBy?: 'caller' | 'workers';
  /** Server binary of the embedded engine; default: found or fetched. */
  readonly binary?: string;
  /** File of keys that payloads are encrypted with, the first line's; absolute. Default: that of the embedded engine. */
  readonly payloadKeyFile?: string;
  /** Shell command that prints such a file. */
  readonly payloadKeyCommand?: string;
  /** Payloads of the embedded engine go in clear, for everybody of the machine and for Temporal's UI. */
  readonly clearPayloads?: boolean;
  /** Where a fetched binary is kept; default `$XDG_CACHE_HOME` or `~/.cache`, as `env` says. */
  readonly cacheDir?: string;
};

export type MetricsChoice = {
  /** 0: no port. */
  readonly port: number;
  /** Default 0.0.0.0. */
  readonly address?: string;
  /** TLS and passwords, as Prometheus' own exporters take them; absolute. */
  readonly webConfig?: string;
  /** File for a collector of text files; absolute. */
  readonly file?: string;
  /** Seconds to wait for a first scrape before the first step. */
  readonly waitForScrape?: number;
  /** Seconds to wait for a last scrape when a run has ended; 'auto': only if someone scrapes. Default 0. */
  readonly linger?: 'auto' | number;
};

export const DEFAULTS = Object.freeze({
  metricsAddress: '0.0.0.0',
  taskQueue: 'builder',
});
