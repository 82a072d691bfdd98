/** A large ordered SQL step against the same ordered COPY in the bare binding: CPU and memory, a process each. */

import { join } from 'node:path';

import { DuckDBInstance } from '@duckdb/node-api';

import { median, used, withFolder } from '../measure.mjs';

const ROWS = 10_000_000;
const TIMES = 3;

export const sql = () =>
  withFolder(async (folder) => {
    const source = join(folder, 'big.parquet');
    const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
    const connection = await instance.connect();
    await connection.run(
      `copy (select i as id, i % 1000 as k, (i * 7919) % 100003 as v, 'name ' || i % 977 as name from range(${ROWS}) t(i)) to '${source}' (format parquet)`,
    );
    connection.closeSync();
    instance.closeSync();
    const rows = [];
    for (const [what, query, whole] of [
      [
        'ordered by itself',
        'select * from big order by k',
        'select * from big order by k, 1, 2, 3, 4',
      ],
      [
        'grouped',
        'select v, name, count(*) as n, max(id) as last from big group by v, name',
        'select * from (select v, name, count(*) as n, max(id) as last from big group by v, name) order by all',
      ],
    ]) {
      const product = [];
      const bare = [];
      for (let i = 0; i < TIMES; i += 1) {
        product.push(used('sql-child.mjs', ['product', source, folder, query]));
        bare.push(used('sql-child.mjs', ['bare', source, folder, whole]));
      }
      const ratio = (key) =>
        `${(median(product.map((one) => one[key])) / median(bare.map((one) => one[key]))).toFixed(2)}x`;
      rows.push(
        {
          what: `SQL step ${what}, 10 M rows, CPU against a bare ordered COPY`,
          measured: ratio('cpuMs'),
          budget: '<= 1.1x',
        },
        { what: 'the same, memory', measured: ratio('megabytes'), budget: '<= 1.5x' },
      );
    }
    return rows;
  });
