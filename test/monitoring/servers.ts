/**
 * Where the real `prometheus` and `promtool` of the tests come from: the ones named, those on PATH if new enough,
 * the cached ones, or a build from the module pinned in tools/prometheus/. Never "not there, so skipped".
 */

import { delimiter, join } from 'node:path';

import { runTool, ToolError } from '../../src/engine/run-tool.ts';
import { cachedPrograms, goBuild, isExecutable } from './go-programs.ts';

import type { Env } from './go-programs.ts';

/** The release whose sources tools/prometheus/go.mod pins (as v0.313.2: the module's own numbering). */
export const PROMETHEUS_RELEASE = '3.13.2';

/** Paths of the two programs. */
export type PrometheusTools = { readonly prometheus: string; readonly promtool: string };

export type ServerOptions = {
  readonly env: Env;
  readonly onProgress: (line: string) => void;
  /** Makes both programs in a folder; a test gives its own. */
  readonly build?: (folder: string, env: Env) => Promise<void>;
};

const NAMES = ['prometheus', 'promtool'] as const;
const VERSION_LIMIT_MS = 15_000;

/** @throws Error that says what was tried and what to install. */
export async function findPrometheus({
  env,
  onProgress,
  build = buildFromSource,
}: ServerOptions): Promise<PrometheusTools> {
  const prometheus = env['BUILDER_PROMETHEUS_BINARY'];
  const promtool = env['BUILDER_PROMTOOL_BINARY'];
  for (const path of [prometheus, promtool]) if (path) await versionOf(path, env);
  if (prometheus && promtool) return { prometheus, promtool };
  const found = (await toolsOnPath(env, onProgress)) ?? (await cachedTools(env, onProgress, build));
  return { prometheus: prometheus || found.prometheus, promtool: promtool || found.promtool };
}

/** The same with the settings of this process: what tests call. */
export function prometheusTools(): Promise<PrometheusTools> {
  const onProgress = (line: string): void => void process.stderr.write(`${line}\n`);
  return findPrometheus({ env: process.env, onProgress });
}

async function toolsOnPath(
  env: Env,
  onProgress: (line: string) => void,
): Promise<PrometheusTools | undefined> {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const found = NAMES.map((name) => folders.map((folder) => join(folder, name)).find(isExecutable));
  const [prometheus, promtool] = found;
  if (prometheus === undefined || promtool === undefined) return undefined;
  for (const path of [prometheus, promtool]) {
    const version = await versionOf(path, env);
    if (!isNewEnough(version)) {
      onProgress(`${path} is ${version}, not a 3.x from ${PROMETHEUS_RELEASE} on: not used.`);
      return undefined;
    }
  }
  return { prometheus, promtool };
}

async function cachedTools(
  env: Env,
  onProgress: (line: string) => void,
  build: NonNullable<ServerOptions['build']>,
): Promise<PrometheusTools> {
  const folder = await cachedPrograms({
    name: 'prometheus',
    release: PROMETHEUS_RELEASE,
    title: 'Prometheus',
    programs: NAMES,
    env,
    onProgress,
    build: async (desk) => {
      await build(desk, env);
      for (const name of NAMES) await versionOf(join(desk, name), env);
    },
  }).catch((error: unknown) => {
    throw notToBeHad(error);
  });
  return { prometheus: join(folder, 'prometheus'), promtool: join(folder, 'promtool') };
}

function notToBeHad(error: unknown): Error {
  const why = (error as Error).message;
  const missing = error instanceof ToolError && error.missing;
  const todo = missing
    ? 'Install Go (https://go.dev/dl), or'
    : 'Look at what go says in tools/prometheus, or';
  return new Error(
    `Prometheus ${PROMETHEUS_RELEASE} is neither on PATH nor cached, and building it failed: ${why}. ` +
      `${todo} put prometheus and promtool ${PROMETHEUS_RELEASE} on PATH, ` +
      'or name them with BUILDER_PROMETHEUS_BINARY and BUILDER_PROMTOOL_BINARY.',
    { cause: error },
  );
}

/** The web UI is not in the module; API, rules and alerts are. */
function buildFromSource(folder: string, env: Env): Promise<void> {
  return goBuild('prometheus', {
    out: `${folder}/`,
    packages: NAMES.map((name) => `github.com/prometheus/prometheus/cmd/${name}`),
    ldflags: [`-X github.com/prometheus/common/version.Version=${PROMETHEUS_RELEASE}`],
    tags: ['remove_all_sd', 'enable_dns_sd'],
    env,
  });
}

/** Asks a program for its version: `prometheus, version 3.13.2 (branch: , ...)`. */
async function versionOf(path: string, env: Env): Promise<string> {
  const said = await runTool([path, '--version'], { env, timeoutMs: VERSION_LIMIT_MS });
  const version = /version v?(\d+\.\d+\.\d+)/.exec(said)?.[1];
  if (version === undefined) throw new Error(`${path} does not say a version as Prometheus does`);
  return version;
}

/** The pinned release, or a later one of the same major version. */
function isNewEnough(version: string): boolean {
  const [have, least] = [version, PROMETHEUS_RELEASE].map((text) => text.split('.').map(Number));
  const [major = 0, minor = 0, patch = 0] = have ?? [];
  const [leastMajor, leastMinor = 0, leastPatch = 0] = least ?? [];
  if (major !== leastMajor) return false;
  return minor > leastMinor || (minor === leastMinor && patch >= leastPatch);
}
