/** Where Docker Compose comes from: the client's own if it is new enough, the cached one, or a build from tools/compose. */

import { join } from 'node:path';

import { cachedPrograms, goBuild } from '../go-programs.ts';

import type { Engine } from './engine.ts';

/** What tools/compose/go.mod pins. */
const RELEASE = '2.40.3';
/** Merges with `!reset` and `!override`, which docker-compose.postgres.yml needs. */
const LEAST = [2, 24, 4] as const;
const PROGRAM = 'docker-compose';

/** The words that call Compose. @throws Error */
export async function findCompose(
  engine: Engine,
  say: (line: string) => void,
): Promise<readonly string[]> {
  const version = await engine.docker(['compose', 'version', '--short']).catch(() => '');
  if (isNewEnough(version)) return ['docker', 'compose'];
  return [await cachedCompose(say)];
}

/** The pinned release as a program of its own. @throws Error */
export async function cachedCompose(say: (line: string) => void): Promise<string> {
  const folder = await cachedPrograms({
    name: 'compose',
    release: RELEASE,
    title: 'Docker Compose',
    programs: [PROGRAM],
    env: process.env,
    onProgress: say,
    build: (desk, env) =>
      goBuild('compose', {
        out: join(desk, PROGRAM),
        packages: ['github.com/docker/compose/v2/cmd'],
        ldflags: [`-X github.com/docker/compose/v2/internal.Version=v${RELEASE}`],
        env,
      }),
  });
  return join(folder, PROGRAM);
}

function isNewEnough(version: string): boolean {
  const found = /^v?(\d+)\.(\d+)\.(\d+)/.exec(version);
  if (found === null) return false;
  for (const [at, least] of LEAST.entries()) {
    const part = Number(found[at + 1]);
    if (part !== least) return part > least;
  }
  return true;
}
