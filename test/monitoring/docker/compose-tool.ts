/** Where Docker Compose comes from: the client's own if it is new enough, the cached one, or a build from tools/compose. */

import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { withLease } from '../../../src/os/lease-turn.ts';
import { run } from './tool.ts';

import type { Engine } from './engine.ts';

/** What tools/compose/go.mod pins. */
const RELEASE = '2.40.3';
/** Merges with `!reset` and `!override`, which docker-compose.postgres.yml needs. */
const LEAST = [2, 24, 4] as const;
const MODULE = fileURLToPath(new URL('../../../tools/compose', import.meta.url));

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
  const cache = process.env['XDG_CACHE_HOME'] ?? join(process.env['HOME'] ?? homedir(), '.cache');
  const root = join(cache, 'builder_cli');
  const folder = join(root, `compose-${RELEASE}`);
  const program = join(folder, 'docker-compose');
  if (existsSync(program)) return program;
  mkdirSync(root, { recursive: true });
  await withLease(join(root, 'compose-lock'), async () => {
    if (existsSync(program)) return;
    say(`Building Docker Compose ${RELEASE} from source, once: some minutes.`);
    mkdirSync(folder, { recursive: true });
    const fresh = join(folder, `building-${process.pid}`);
    await run(
      [
        ...'go build -mod=readonly -trimpath -buildvcs=false -ldflags'.split(' '),
        `-s -w -X github.com/docker/compose/v2/internal.Version=v${RELEASE}`,
        ...['-o', fresh, 'github.com/docker/compose/v2/cmd'],
      ],
      { cwd: MODULE, timeoutMs: 40 * 60_000, env: { CGO_ENABLED: '0' } },
    );
    renameSync(fresh, program);
  });
  return program;
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
