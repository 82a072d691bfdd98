/**
 * Collects one large CSV in a process of its own, by the product or by plain DuckDB, and prints time and peak memory.
 * `node bench/children/collect.mjs make FILE MB`, then `node bench/children/collect.mjs plain|declared|inferred FILE FOLDER`.
 */

import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

const TYPES = {
  id: 'BIGINT',
  customer: 'VARCHAR',
  country: 'VARCHAR',
  amount: 'DECIMAL(18,2)',
  price: 'DECIMAL(18,1)',
  created_at: 'TIMESTAMP',
  day: 'DATE',
  active: 'BOOLEAN',
  score: 'DOUBLE',
  comment: 'VARCHAR',
};
const MEMORY_BYTES = 2 ** 31;

async function make(file, megabytes) {
  const out = createWriteStream(file);
  let text = `${Object.keys(TYPES).join(',')}\n`;
  let bytes = 0;
  for (let i = 1; bytes < megabytes * 1e6; i += 1) {
    const n = (i * 2_654_435_761) % 4_294_967_296;
    const day = `2024-0${1 + (n % 9)}-1${n % 10}`;
    const comment = n % 7 === 0 ? '"a, quoted ""text"""' : `plain comment ${n % 1000}`;
    const amount = ((n % 1e6) / 100).toFixed(2);
    const price = ((n % 1e5) / 10).toFixed(1);
    text += `${i},cust_${n % 100_000},${['NO', 'SE', 'DK', 'US'][n % 4]},${amount},${price},${day} 0${n % 10}:1${n % 10}:2${n % 10},${day},${n % 2 === 1},${Math.sin(i)},${comment}\n`;
    if (text.length < 1 << 20) continue;
    bytes += text.length;
    if (!out.write(text)) await once(out, 'drain');
    text = '';
  }
  out.end(text);
  await once(out, 'close');
}

async function plain(file, folder) {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(availableParallelism()),
    memory_limit: `${MEMORY_BYTES / 1024}KiB`,
  });
  const connection = await instance.connect();
  const columns = Object.entries(TYPES).map(([name, type]) => `'${name}': '${type}'`);
  const reader = `read_csv('${file}', header = true, delim = ',', quote = '"', escape = '"', auto_detect = false, columns = {${columns}})`;
  await connection.run(
    `copy (from ${reader}) to '${join(folder, 'plain.parquet')}' (format parquet, compression zstd, row_group_size 122880)`,
  );
}

async function collected(file, folder, types) {
  const { stageSources } = await import('../../dist/activities/stage-sources.js');
  const { collectFiles } = await import('../../dist/kinds/collect-files.js');
  const { signal } = new AbortController();
  const found = [{ path: file, below: 'a.csv' }];
  // As the runner does with a file that is new: hashed while its bytes are copied in.
  const sources = await stageSources(found, folder, signal);
  const options = { from: file, format: 'csv', ...(types === undefined ? {} : { types }) };
  await collectFiles.run(collectFiles.schema.parse(options), {
    folder,
    sources,
    signal,
    inputs: {},
    limits: { memoryBytes: MEMORY_BYTES, threads: availableParallelism() },
    log: () => undefined,
  });
}

const [what, file, rest] = process.argv.slice(2);
if (what === 'make') await make(file, Number(rest));
else {
  await mkdir(rest, { recursive: true });
  const startedAt = performance.now();
  if (what === 'plain') await plain(file, rest);
  else await collected(file, rest, what === 'declared' ? TYPES : undefined);
  const ms = performance.now() - startedAt;
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const cpuMs = (userCPUTime + systemCPUTime) / 1000;
  console.log(JSON.stringify({ what, ms, cpuMs, peakMb: maxRSS / 1024 }));
  process.exit(0);
}
