/** Versions of this process, for `pipeline_build_info` and `--version`. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

export type Versions = { readonly version: string; readonly node: string; readonly sdk: string };

/** This product's version. */
export function readVersion(): string {
  return versionIn(fileURLToPath(new URL('../../package.json', import.meta.url)));
}

/** Reads them from the package files. */
export function readVersions(): Versions {
  const require = createRequire(import.meta.url);
  return {
    version: readVersion(),
    node: process.versions.node,
    sdk: versionIn(require.resolve('@temporalio/worker/package.json')),
  };
}

function versionIn(path: string): string {
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}
