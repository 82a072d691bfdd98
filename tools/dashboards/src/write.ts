/**
 * Writes the dashboards below monitoring/grafana/provisioning/dashboards; with `--check` it only says whether the files
 * are what it would write. Run as `npm run dashboards` in the root of the repository.
 */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { format, resolveConfig } from 'prettier';

import { jobPage } from './job/page.ts';
import { overview } from './overview/page.ts';

const FOLDER = join(process.cwd(), '../../monitoring/grafana/provisioning/dashboards');
const FILES = { 'pipeline_overview.json': overview, 'pipeline_job.json': jobPage };

for (const [name, dashboard] of Object.entries(FILES)) {
  const file = join(FOLDER, name);
  const config = await resolveConfig(file);
  const text = await format(JSON.stringify(dashboard), { ...config, parser: 'json' });
  if (!process.argv.includes('--check')) {
    await writeFile(file, text);
  } else if (text !== (await readFile(file, 'utf8').catch(() => ''))) {
    console.error(`${name} is not what its sources say: run npm run dashboards`);
    process.exitCode = 1;
  }
}
