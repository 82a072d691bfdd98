/**
 * Memory of one long-lived process over many runs: `node bench/many-runs.mjs 1000`. Each is executed by the embedded
 * engine; prints the memory in use, after a collection, every tenth of the way. Flat is what it is to be.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { openProject } from 'builder-cli';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

const count = Number(process.argv[2] ?? 1000);
const folder = await mkdtemp(join(tmpdir(), 'builder-many-runs-'));
const project = openProject({ stateDir: join(folder, 'st'), env: process.env });
const definition = {
  job: { job: 'many', params: { n: { type: 'integer' } } },
  profile: {
    profile: 'many',
    steps: {
      one: { uses: 'transform.sql', with: { sql: 'select ${{ params.n }} as n' } },
      two: { uses: 'export.dataset', with: { from: 'one', formats: ['csv'] } },
    },
  },
};
try {
  for (let n = 1; n <= count; n += 1) {
    const { exitCode } = await project.run({ definition, params: { n }, out: join(folder, 'out') });
    if (exitCode !== 0) throw new Error(`run ${n} failed`);
    if (n % Math.max(1, Math.floor(count / 10)) !== 0) continue;
    collect();
    const { heapUsed, external, rss } = process.memoryUsage();
    const mb = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MB`;
    console.log(`${n} runs: heap ${mb(heapUsed)}, external ${mb(external)}, resident ${mb(rss)}`);
  }
} finally {
  await project.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}
