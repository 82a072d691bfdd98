/** A large CSV collected by the product, against DuckDB's own copy to Parquet with the types given. */

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

import { median, ratio, root, seconds, withFolder } from '../measure.mjs';

/** Megabytes of the CSV; 1500 is the size that the budget speaks of. */
const COLLECT_MB = Number(process.env.BUILDER_BENCH_CSV_MB ?? 300);

export const collect = () =>
  withFolder((folder) => {
    const script = join(root, 'bench/children/collect.mjs');
    const file = join(folder, 'large.csv');
    spawnSync(process.execPath, [script, 'make', file, String(COLLECT_MB)]);
    const measure = (what) =>
      JSON.parse(
        spawnSync(process.execPath, [script, what, file, join(folder, what)]).stdout.toString(),
      );
    const runs = { plain: [], declared: [], inferred: [] };
    for (let i = 0; i < 3; i += 1) {
      for (const what of Object.keys(runs)) runs[what].push(measure(what));
    }
    const of = (what, key) => median(runs[what].map((run) => run[key]));
    const against = (what, key) => ratio(of(what, key), of('plain', key));
    const name = `collect of a CSV of ${COLLECT_MB} MB against DuckDB's own copy`;
    return ['declared', 'inferred'].flatMap((what) => [
      {
        what: `${name}, types ${what}, CPU (${seconds(of(what, 'cpuMs'))})`,
        measured: against(what, 'cpuMs'),
        budget: what === 'declared' ? '<= 1.5x' : '<= 2.5x',
      },
      { what: '  its wall time', measured: against(what, 'ms'), budget: '' },
      {
        what: `  its peak memory (${Math.round(of(what, 'peakMb'))} MB)`,
        measured: against(what, 'peakMb'),
        budget: '<= 1.5x',
      },
    ]);
  });
