/** `npm run chaos:backfill -- --partitions 500 --failing 37 --kills 10 --seed 1`: plays a backfill that is killed, and judges it. */

import { parseArgs } from 'node:util';

import { playBackfill } from './play.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    partitions: { type: 'string', default: '500' },
    failing: { type: 'string', default: '37' },
    kills: { type: 'string', default: '10' },
  },
});
const { violations } = await playBackfill(
  {
    seed: Number(values.seed),
    partitions: Number(values.partitions),
    failing: Number(values.failing),
    kills: Number(values.kills),
  },
  (line) => console.log(line),
);
for (const violation of violations) console.log(`VIOLATION ${violation}`);
console.log(violations.length === 0 ? 'nothing wrong' : `${violations.length} violations`);
process.exitCode = violations.length === 0 ? 0 : 1;
