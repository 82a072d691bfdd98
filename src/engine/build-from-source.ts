/** Builds the server from the Go module pinned in tools/temporal: slow, but needs no download site, only a module proxy. */

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { SOURCE_RELEASE } from './platform.ts';
import { runTool } from './run-tool.ts';

const MODULE = fileURLToPath(new URL('../../tools/temporal', import.meta.url));
const LIMIT_MS = 40 * 60_000;

/** Every source is checked by go against go.sum. @throws Error */
export async function buildFromSource(options: {
  readonly target: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cacheDir: string;
}): Promise<void> {
  const { target, env, cacheDir } = options;
  await runTool(
    [
      ...'go build -mod=readonly -trimpath -buildvcs=false -o'.split(' '),
      target,
      '-ldflags',
      `-s -w -X github.com/temporalio/cli/internal/temporalcli.Version=${SOURCE_RELEASE.cli}`,
      'github.com/temporalio/cli/cmd/temporal',
    ],
    {
      cwd: MODULE,
      timeoutMs: LIMIT_MS,
      // Without a home go does not know where to put its caches.
      env: {
        GOPATH: join(cacheDir, 'builder_cli', 'go'),
        ...(env['HOME'] === undefined
          ? { GOCACHE: join(cacheDir, 'builder_cli', 'go-build') }
          : {}),
        ...env,
        CGO_ENABLED: '0',
      },
    },
  );
}
