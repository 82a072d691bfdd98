/**
 * `npm run chaos -- --seed S --runs N [--fleet] [--results FILE] [--said]`, or `--seeds 3,17`: plays the cases of these
 * seeds, and prints a table and the seed of each violation. With a file of results it goes on behind the last seed in it,
 * and sums all of them up.
 */

import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

import { lineOf, playCampaign } from './campaign.ts';
import { addResult, nextSeed, readResults, summaryOf } from './results.ts';

import type { Result } from './results.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    runs: { type: 'string', default: '20' },
    seeds: { type: 'string' },
    fleet: { type: 'boolean', default: false },
    results: { type: 'string' },
    said: { type: 'boolean', default: false },
  },
});
const kind = values.fleet ? 'fleet' : 'embedded';
const earlier = values.results === undefined ? [] : readResults(values.results);
const first = Number(values.seed ?? nextSeed(earlier, kind));
const seeds =
  values.seeds?.split(',').map(Number) ??
  Array.from({ length: Number(values.runs) }, (_, i) => first + i);

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());

const commit = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).stdout;
const results: Result[] = [];
console.log('seed    pipeline  time  exit codes       faults: verdict');
await playCampaign(
  { seeds, kind },
  (report) => {
    const { said, ...found } = report;
    const result = { kind, commit: commit.trim(), ...found } as const;
    results.push(result);
    if (values.results !== undefined) addResult(values.results, result);
    console.log(lineOf(report));
    if (values.said || report.violations.length > 0) console.log(said.replace(/^/gm, '    | '));
  },
  stop.signal,
);

for (const line of summaryOf(values.results === undefined ? results : readResults(values.results)))
  console.log(line);
if (values.seeds === undefined) {
  const words = [...(values.fleet ? ['--fleet'] : []), '--seed', first + results.length];
  console.log(`go on with: npm run chaos -- ${[...words, '--runs', values.runs].join(' ')}`);
}
process.exitCode = results.some(({ violations }) => violations.length > 0) ? 1 : 0;
