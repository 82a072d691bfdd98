/**
 * Writes monitoring/grafana/provisioning/dashboards/pipeline_overview.json; with `--check` it only says whether that
 * file is what it would write. Run as `npm run dashboards`.
 */

import { readFile, writeFile } from 'node:fs/promises';

import { format, resolveConfig } from 'prettier';

import { dashboard } from './dashboard.mjs';

const file = new URL('../provisioning/dashboards/pipeline_overview.json', import.meta.url);
const config = await resolveConfig(file);
const text = await format(JSON.stringify(dashboard), { ...config, parser: 'json' });

if (!process.argv.includes('--check')) {
  await writeFile(file, text);
} else if (text !== (await readFile(file, 'utf8'))) {
  console.error('pipeline_overview.json is not what its sources say: run npm run dashboards');
  process.exitCode = 1;
}
