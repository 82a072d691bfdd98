/** Runs a TypeScript file of this folder: `node run.mjs src/write.ts --check`. Packages are taken as they are installed. */

import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
const [entry] = process.argv.splice(2, 1);
process.chdir(here);
if (!existsSync('node_modules/@grafana/grafana-foundation-sdk')) {
  console.error(
    'The packages of tools/dashboards are not installed: npm ci --prefix tools/dashboards',
  );
  process.exit(2);
}
// Beside the packages, so that they are found.
const folder = await mkdtemp(join(here, 'node_modules/.run-'));
const outfile = join(folder, 'run.mjs');
try {
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'error',
  });
  await import(pathToFileURL(outfile).href);
} finally {
  await rm(folder, { recursive: true, force: true });
}
