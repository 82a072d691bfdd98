/**
 * The figures of the performance budgets, measured side by side in one run and printed as ratios: machines differ,
 * ratios less so. Nothing here fails a build. `npm run bench`, or `npm run bench -- chain` for one part.
 */

import { parts } from './parts.mjs';

const wanted = process.argv.slice(2);
const rows = [];
for (const [name, part] of Object.entries(parts)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  process.stderr.write(`measuring ${name}\n`);
  rows.push(...(await part()));
}
const width = Math.max(...rows.map((row) => row.what.length));
console.log(`${'what'.padEnd(width)}  measured  budget`);
for (const { what, measured, budget } of rows) {
  console.log(`${what.padEnd(width)}  ${measured.padEnd(8)}  ${budget}`);
}
process.exit(0);
