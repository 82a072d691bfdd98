/**
 * The figures of the performance budgets, measured side by side in one run and printed as ratios: machines differ,
 * ratios less so. Nothing here fails a build. `npm run bench`, or `npm run bench -- chain` for one part.
 */

import { loadavg } from 'node:os';

/** In the order of the table. Each exports a function of its name in camel case, which answers rows. */
const PARTS = [
  'start',
  'first-step',
  'chain',
  'parallel',
  'items',
  'small-sql',
  'rerun',
  'cold',
  'sql',
  'collect',
  'scrape',
  'recorded',
  'worker',
  'rules',
];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !PARTS.includes(name));
if (unknown.length > 0) {
  console.error(`no part ${unknown.join(', ')}; there are ${PARTS.join(', ')}`);
  process.exit(2);
}
const rows = [];
const loads = [];
for (const name of PARTS) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  process.stderr.write(`measuring ${name}\n`);
  loads.push(loadavg()[0]);
  rows.push(...(await measured(name)));
}
const width = Math.max(...rows.map((row) => row.what.length));
console.log(`${'what'.padEnd(width)}  measured  budget`);
for (const { what, measured: value, budget } of rows) {
  console.log(`${what.padEnd(width)}  ${value.padEnd(8)}  ${budget}`.trimEnd());
}
console.log(
  `load of the machine while measuring: ${Math.min(...loads).toFixed(1)} to ${Math.max(...loads).toFixed(1)}`,
);
process.exit(0);

/** The rows of a part; one that says why, where it cannot run. */
async function measured(name) {
  const exported = name.replaceAll(/-(.)/g, (_, letter) => letter.toUpperCase());
  try {
    return await (await import(`./parts/${name}.mjs`))[exported]();
  } catch (error) {
    process.stderr.write(`${error.stack}\n`);
    return [{ what: `${name}: cannot be measured (${error.message})`, measured: '-', budget: '' }];
  }
}
