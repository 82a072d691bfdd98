/** Programs of other people, built once from a module pinned in tools/ into the user's cache. */

import { accessSync, constants, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { runTool } from '../../src/engine/run-tool.ts';
import { withLease } from '../../src/os/lease-turn.ts';

export type Env = Readonly<Record<string, string | undefined>>;

export type GoPrograms = {
  /** Of the lock and of the folder in the cache. */
  readonly name: string;
  readonly release: string;
  /** For people. */
  readonly title: string;
  /** Files that must be there and executable. */
  readonly programs: readonly string[];
  /** Makes them in a folder. */
  readonly build: (folder: string, env: Env) => Promise<void>;
  readonly env: Env;
  readonly onProgress: (line: string) => void;
};

const BUILD_LIMIT_MS = 40 * 60_000;

/**
 * The folder that holds them. Of several that find nothing one builds, and the others wait for it; what is half built never
 * has the name of what is finished. @throws whatever `build` does
 */
export async function cachedPrograms({
  name,
  release,
  title,
  programs,
  build,
  env,
  onProgress,
}: GoPrograms): Promise<string> {
  const cache = env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache');
  const root = join(cache, 'builder_cli');
  const folder = join(root, `${name}-${release}`);
  const isThere = (): boolean => programs.every((program) => isExecutable(join(folder, program)));
  if (isThere()) return folder;
  mkdirSync(root, { recursive: true });
  const desks = `building-${name}-`;
  await withLease(
    join(root, `${name}-lock`),
    async () => {
      if (isThere()) return;
      // Under the lock nobody else builds: what lies there was left by a dead process.
      for (const left of readdirSync(root).filter((entry) => entry.startsWith(desks))) {
        rmSync(join(root, left), { recursive: true, force: true });
      }
      const desk = join(root, `${desks}${process.pid}`);
      mkdirSync(desk);
      try {
        onProgress(`Building ${title} ${release} from source, once: some minutes.`);
        await build(desk, env);
        rmSync(folder, { recursive: true, force: true });
        renameSync(desk, folder);
      } finally {
        rmSync(desk, { recursive: true, force: true });
      }
    },
    { onWait: (who) => onProgress(`Waiting for ${who}, which builds ${title}.`) },
  );
  return folder;
}

/** `go build` in a module of tools/, of which every source is checked against its go.sum. @throws ToolError */
export async function goBuild(
  module: string,
  {
    out,
    packages,
    ldflags = [],
    tags = [],
    env,
  }: {
    /** A file, or a folder with a slash at its end. */
    readonly out: string;
    readonly packages: readonly string[];
    readonly ldflags?: readonly string[];
    readonly tags?: readonly string[];
    readonly env: Env;
  },
): Promise<void> {
  await runTool(
    [
      ...'go build -mod=readonly -trimpath -buildvcs=false'.split(' '),
      ...(tags.length === 0 ? [] : ['-tags', tags.join(',')]),
      ...['-ldflags', ['-s', '-w', ...ldflags].join(' ')],
      ...['-o', out, ...packages],
    ],
    {
      cwd: fileURLToPath(new URL(`../../tools/${module}`, import.meta.url)),
      timeoutMs: BUILD_LIMIT_MS,
      env: { ...env, CGO_ENABLED: '0' },
    },
  );
}

/** True if this may be executed. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
