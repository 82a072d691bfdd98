/**
 * What the shipped rules cost a real Prometheus, for 40 jobs of 20 steps with six hours of history. Samples and
 * evaluations come many times faster than in life; what one evaluation costs is the same.
 */

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { parse, stringify } from 'yaml';

import { buckets, counters, gauges, seriesCount } from '../children/forty-jobs.mjs';
import { cacheDir, cpuBelow, root, withFolder } from '../measure.mjs';

/** Six hours of a scrape each 15 seconds, and one hour. */
const SIX_HOURS = 1440;
const ONE_HOUR = 240;
const FILL_EVERY_MS = 50;
/** Evaluations come this many times faster than shipped, where every 15 seconds or as the group says. */
const FASTER = 15;
const MEASURE_MS = 60_000;
const SHIPPED_EVERY_S = 15;

export const rules = () =>
  withFolder(async (folder) => {
    const program = findPrometheus();
    const page = await servePages();
    await mkdir(join(folder, 'rules'));
    const configured = (targets) =>
      writeFile(join(folder, 'prometheus.yml'), configOf(page.port, targets));
    await configured({ fill: true });
    const { url, reload, end } = await startPrometheus(program, folder);
    try {
      await page.filled();
      await configured({ fill: false });
      await reload();
      const idle = await share(folder);
      const rulesFile = join(root, 'monitoring/prometheus/rules/pipeline.yml');
      await writeFile(join(folder, 'rules/pipeline.yml'), await faster(rulesFile));
      await reload();
      await pause(5_000);
      const busy = await share(folder);
      const firing = await (await fetch(`${url}/api/v1/query?query=count(ALERTS)`)).json();
      const percent = ((busy - idle) / FASTER) * 100;
      const of = `${seriesCount()} series, ${firing.data.result[0]?.value[1] ?? 0} alerts`;
      return [
        {
          what: `rules for 40 jobs of 20 steps (${of}), of one core`,
          measured: `${percent.toFixed(1)} %`,
          budget: '<= 5 %',
        },
      ];
    } finally {
      await end();
      page.close();
    }
  });

/** CPU seconds a second of the Prometheus that works in a folder. */
async function share(folder) {
  const [cpuMs, atMs] = [cpuBelow(folder), performance.now()];
  await pause(MEASURE_MS);
  return (cpuBelow(folder) - cpuMs) / (performance.now() - atMs);
}

/** For whoever fills: counters, the histograms at the end. For whoever measures: everything. */
async function servePages() {
  let scrapes = 0;
  const server = createServer(({ url }, response) => {
    response.setHeader('content-type', 'text/plain; version=0.0.4');
    scrapes += 1;
    const runs = Math.floor(scrapes / ONE_HOUR);
    response.write(counters(runs));
    if (scrapes > SIX_HOURS - ONE_HOUR) response.write(buckets(runs));
    if (url !== '/fill') response.write(gauges(Math.floor(Date.now() / 1000)));
    response.end();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: server.address().port,
    filled: async () => {
      while (scrapes < SIX_HOURS) await pause(100);
    },
    close: () => server.close(),
  };
}

function configOf(port, { fill }) {
  const every = fill ? `${FILL_EVERY_MS}ms` : `${SHIPPED_EVERY_S}s`;
  return stringify({
    global: { scrape_interval: every, evaluation_interval: `${SHIPPED_EVERY_S / FASTER}s` },
    rule_files: ['rules/*.yml'],
    scrape_configs: [
      {
        job_name: 'builder',
        honor_labels: true,
        scrape_timeout: every,
        metrics_path: fill ? '/fill' : '/metrics',
        static_configs: [{ targets: [`127.0.0.1:${port}`] }],
      },
    ],
  });
}

/** The shipped rules; a group's own interval is shortened as the others are. */
async function faster(file) {
  const { groups } = parse(await readFile(file, 'utf8'), { merge: true });
  const quick = groups.map(({ interval, ...group }) => ({
    ...group,
    ...(interval === undefined ? {} : { interval: `${(parseInt(interval, 10) * 60) / FASTER}s` }),
  }));
  return stringify({ groups: quick }, { aliasDuplicateObjects: false });
}

async function startPrometheus(program, folder) {
  const port = 20_000 + (process.pid % 20_000);
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(
    program,
    [
      '--config.file=prometheus.yml',
      '--storage.tsdb.path=data',
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=error',
      '--scrape.discovery-reload-interval=100ms',
    ],
    { cwd: folder, stdio: 'ignore' },
  );
  const over = new Promise((resolve) => child.once('close', resolve));
  for (let tries = 0; !(await fetch(`${url}/-/ready`).catch(() => ({}))).ok; tries += 1) {
    if (tries > 300) throw new Error('Prometheus does not answer');
    await pause(100);
  }
  return {
    url,
    reload: async () => void child.kill('SIGHUP'),
    end: async () => {
      child.kill('SIGKILL');
      await over;
    },
  };
}

/** As the tests find it, but that nothing is built here. */
function findPrometheus() {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const found = [
    process.env.BUILDER_PROMETHEUS_BINARY ?? '',
    join(cacheDir(), 'builder_cli/prometheus-3.13.2/prometheus'),
    ...folders.map((folder) => join(folder, 'prometheus')),
  ].find((path) => path !== '' && existsSync(path));
  if (found === undefined) throw new Error('no prometheus here; npm run test:monitoring builds it');
  return found;
}
