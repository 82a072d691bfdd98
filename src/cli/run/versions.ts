/** Versions of this process, for `pipeline_build_info` and `--version`. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

export type Versions = { readonly version: string; readonly node: string; readonly sdk: string };

/** Reads them from the package files. */
export function readVersions(): Versions {
  const require = createRequire(import.meta.url);
  const versionIn = (path: string): string =>
    (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
  return {
    version: versionIn(new URL('../../../package.json', import.meta.url).pathname),
    node: process.versions.node,
    sdk: versionIn(require.resolve('@temporalio/worker/package.json')),
  };
}
