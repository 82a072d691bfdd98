/** One query as a step, or as a COPY of the bare binding: `product|bare <source> <folder> <query>`. Tells its memory. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

const [how, source, folder, query] = process.argv.slice(2);
const memoryBytes = 2 ** 31;

if (how === 'product') {
  const { transformSql } = await import('../../dist/kinds/transform-sql.js');
  const attempt = join(folder, 'attempt');
  mkdirSync(attempt, { recursive: true });
  const table = { path: source, format: 'parquet', sha256: '', bytes: 10 ** 9, rows: 10_000_000 };
  await transformSql.run(
    { sql: { text: query, binds: {} }, ordered: true },
    {
      folder: attempt,
      inputs: { big: { outputs: { table }, values: {} } },
      sources: [],
      signal: new AbortController().signal,
      limits: { memoryBytes, threads: 2 },
      log: () => undefined,
    },
  );
} else {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:', {
    threads: '2',
    memory_limit: `${memoryBytes / 1024}KiB`,
    temp_directory: join(folder, 'spill'),
  });
  const connection = await instance.connect();
  await connection.run(`create view big as from read_parquet('${source}')`);
  await connection.run(
    `copy (${query}) to '${join(folder, 'bare.parquet')}' (format parquet, compression zstd, row_group_size 122880)`,
  );
  connection.closeSync();
  instance.closeSync();
}
console.log(`resident ${Math.round(process.resourceUsage().maxRSS / 1024)}`);
