/** A real Prometheus that knows a day of history.ts: the samples are written into its blocks before it starts. */

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { access, mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

import { history } from './history.ts';

import type { AddressInfo } from 'node:net';

export type Filled = { readonly url: string; readonly scrapeMs: number; close(): Promise<void> };

const DAY_S = 86_400;
const READY_MS = 60_000;

/** Starts it on a free port of this machine. @throws Error that says what is missing */
export async function startWith({
  jobs,
  endS,
  folder,
}: {
  readonly jobs: number;
  readonly endS: number;
  readonly folder: string;
}): Promise<Filled> {
  const [prometheus, promtool] = await Promise.all([tool('prometheus'), tool('promtool')]);
  const scrapeS = jobs === 1 ? 60 : 240;
  await mkdir(folder, { recursive: true });
  const samples = join(folder, 'samples.txt');
  await write(samples, { jobs, endS, scrapeS });
  const data = join(folder, 'data');
  await promisify(execFile)(
    promtool,
    [
      'tsdb',
      'create-blocks-from',
      'openmetrics',
      '--quiet',
      '--max-block-duration=48h',
      samples,
      data,
    ],
    { timeout: 300_000, maxBuffer: 2 ** 26 },
  );
  const config = join(folder, 'prometheus.yml');
  await writeFile(config, 'scrape_configs: []\n');
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = spawn(
    prometheus,
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${data}`,
      '--storage.tsdb.retention.time=30y',
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  server.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4000)));
  const ended = once(server, 'exit');
  const close = async () => {
    server.kill('SIGTERM');
    await ended;
  };
  const deadline = Date.now() + READY_MS;
  while (
    !(await fetch(`${url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    ))
  ) {
    if (server.exitCode !== null || Date.now() > deadline) {
      await close();
      throw new Error(`Prometheus does not start: ${said}`);
    }
    await new Promise((done) => setTimeout(done, 100));
  }
  return { url, scrapeMs: scrapeS * 1000, close };
}

/** The samples as OpenMetrics. A series that ends is marked as stale by nobody, so none is written beyond its end. */
async function write(
  file: string,
  {
    jobs,
    endS,
    scrapeS,
  }: { readonly jobs: number; readonly endS: number; readonly scrapeS: number },
): Promise<void> {
  const out = createWriteStream(file);
  for (const { series, at } of history(jobs, endS)) {
    let lines = '';
    // From two hours before the range, so that what was before it is known.
    for (let timeS = endS - DAY_S - 7200; timeS <= endS; timeS += scrapeS) {
      const value = at(timeS);
      if (value !== undefined) lines += `${series} ${value} ${timeS}\n`;
    }
    if (!out.write(lines)) await once(out, 'drain');
  }
  out.end('# EOF\n');
  await once(out, 'close');
}

/** As the tests of test/monitoring find it: named, on PATH, or built by them. */
async function tool(name: 'prometheus' | 'promtool'): Promise<string> {
  const named = process.env[`BUILDER_${name.toUpperCase()}_BINARY`];
  const cache = process.env['XDG_CACHE_HOME'] || join(process.env['HOME'] || homedir(), '.cache');
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const places = named
    ? [named]
    : [
        ...folders.map((folder) => join(folder, name)),
        join(cache, 'builder_cli/prometheus-3.13.2', name),
      ];
  for (const path of places)
    if (
      await access(path).then(
        () => true,
        () => false,
      )
    )
      return path;
  throw new Error(
    `${name} cannot be found; npm run test:monitoring builds it once, or name it with BUILDER_${name.toUpperCase()}_BINARY`,
  );
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
