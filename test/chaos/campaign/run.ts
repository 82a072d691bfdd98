/**
 * `npm run chaos -- --seed S --runs N [--said]`, or `--seeds 3,17`: plays the cases of these seeds, and prints a table
 * and the seed of each violation.
 */

import { parseArgs } from 'node:util';

import { lineOf, playCampaign } from './campaign.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    runs: { type: 'string', default: '20' },
    seeds: { type: 'string' },
    said: { type: 'boolean', default: false },
  },
});
const first = Number(values.seed);
const seeds =
  values.seeds?.split(',').map(Number) ??
  Array.from({ length: Number(values.runs) }, (_, i) => first + i);

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());

console.log('seed    pipeline  time  exit codes       faults: verdict');
const reports = await playCampaign(
  seeds,
  (report) => {
    console.log(lineOf(report));
    if (values.said || report.violations.length > 0)
      console.log(report.said.replace(/^/gm, '    | '));
  },
  stop.signal,
);

const bad = reports.filter(({ violations }) => violations.length > 0);
const faults = reports.reduce((sum, { faultsThatHit }) => sum + faultsThatHit, 0);
console.log(`${reports.length} cases, ${faults} faults, ${bad.length} with a violation`);
if (bad.length > 0) console.log(`violations at seeds ${bad.map(({ seed }) => seed).join(' ')}`);
if (values.seeds === undefined)
  console.log(
    `go on with: npm run chaos -- --seed ${first + reports.length} --runs ${seeds.length}`,
  );
process.exitCode = bad.length > 0 ? 1 : 0;
