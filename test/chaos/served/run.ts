/**
 * `npm run chaos:serve -- --seed S [--kills 20] [--minutes 60] [--small] [--said]`: serves three jobs and kills, and says
 * what is wrong afterwards. The same seed kills the same things at the same times.
 */

import { parseArgs } from 'node:util';

import { LARGE, SMALL } from './project.ts';
import { playServed } from './served.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    kills: { type: 'string', default: '20' },
    minutes: { type: 'string', default: '60' },
    small: { type: 'boolean', default: false },
    said: { type: 'boolean', default: false },
  },
});
const { kills, runs, violations, said } = await playServed({
  seed: Number(values.seed),
  size: values.small ? SMALL : LARGE,
  kills: Number(values.kills),
  seconds: Number(values.minutes) * 60,
  tell: (line) => console.log(`killed ${line}`),
});
if (values.said || violations.length > 0) console.log(said.replace(/^/gm, '    | '));
console.log(`seed ${values.seed}: ${kills.length} kills, ${runs} runs, ${violations.length} wrong`);
for (const violation of violations) console.log(`  ${violation}`);
process.exitCode = violations.length > 0 ? 1 : 0;
