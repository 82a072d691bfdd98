/** A real Prometheus in a folder of its own: scrapes given targets every second, and answers what it has seen. */

import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from '@jest/globals';
import { parse, stringify } from 'yaml';

import { runTool } from '../../../src/engine/run-tool.ts';
import { freePort, ROOT, until } from '../../harness/cli.ts';
import { prometheusTools } from '../servers.ts';
import { readGroups } from '../rules/rule-files.ts';
import { writePast } from './past.ts';
import { quickRules } from './quick-rules.ts';
import { seriesOf, sorted, tableOf } from './series.ts';
import { answersAt, withServer } from './server.ts';

import type { Answer, Metric, Series, Table } from './series.ts';

export type Prometheus = {
  readonly url: string;
  /** Changes which loopback ports are scraped, as service discovery does. */
  discovers(ports: readonly number[]): Promise<void>;
  /** Unix seconds at which it was ready. */
  readonly startedAtS: number;
  /** What an expression gives now, or at a moment. @throws Error for a bad expression */
  query(expression: string, atS?: number): Promise<readonly Series[]>;
  /** What it gives second by second between two moments: what a panel draws. */
  range(expression: string, fromS: number, toS: number): Promise<readonly Series[]>;
  /** What a variable of the dashboard offers: the values of a label among the series of a selector. */
  labelValues(label: string, selector: string): Promise<readonly string[]>;
  /** The series an expression gives now, as a table by these labels. */
  table(expression: string, by: readonly string[]): Promise<Table>;
  /** Waits until an expression gives exactly this table. */
  becomes(expression: string, by: readonly string[], expected: Table): Promise<void>;
  /** Waits until an alert fires with these labels; one that has just ended, with its process, counts. */
  fires(alert: string, labels?: Readonly<Record<string, string>>): Promise<void>;
  /** Waits until it no longer fires. */
  resolves(alert: string, labels?: Readonly<Record<string, string>>): Promise<void>;
  /** What a firing alert says; of several, the first. */
  annotations(alert: string): Promise<Readonly<Record<string, string>>>;
  /** Waits for a whole scrape and a whole evaluation of the rules that began after now. */
  catchesUp(): Promise<void>;
  /** Names of the alerts that fired at any time since a moment, sorted. */
  fired(sinceS?: number): Promise<readonly string[]>;
  /** Evaluations of rules that failed since the start, by group. */
  ruleFailures(): Promise<Table>;
  /** Mean seconds that evaluating all rules once takes, and the CPU seconds of the whole server so far. */
  cost(): Promise<{ readonly evaluationS: number; readonly cpuS: number }>;
  /** What `promtool query instant` prints. */
  promtool(expression: string): Promise<string>;
};

type Pace = { readonly every: string; readonly wait: string };
const QUICK: Pace = Object.freeze({ every: '1s', wait: '1s' });

export type Options = {
  /** Loopback ports to scrape; whoever listens there may come and go. */
  readonly ports: readonly number[];
  /** Load the shipped rules, at the pace of tests. */
  readonly rules?: boolean;
  /** How often it scrapes and evaluates, and how long rules wait; default 1s and 1s. */
  readonly pace?: Pace;
  /** Where alerts are sent. */
  readonly alertmanager?: string;
  /** Series that it knows from before; see past.ts. */
  readonly past?: readonly string[];
};

/** Name of the shipped scrape job. */
export const SCRAPE_JOB = 'builder';
const SHIPPED_CONFIG = join(ROOT, 'monitoring/prometheus/prometheus.yml');
const PATIENCE_MS = 90_000;

/** Hands a Prometheus to `work` and ends it afterwards; its log is in the error if it does not start. */
export async function withPrometheus<T>(
  { ports, rules = false, pace = QUICK, alertmanager, past }: Options,
  work: (prometheus: Prometheus) => Promise<T>,
): Promise<T> {
  const { prometheus: program } = await prometheusTools();
  const folder = await mkdtemp(join(tmpdir(), 'prometheus-'));
  const port = await freePort();
  try {
    await mkdir(join(folder, 'rules'));
    if (rules) {
      await writeFile(join(folder, 'rules/pipeline.yml'), quickRules(readGroups(), pace.wait));
    }
    const discovers = async (found: readonly number[]): Promise<void> => {
      const targets = found.map((one) => `127.0.0.1:${one}`);
      await writeFile(join(folder, 'next.json'), JSON.stringify([{ targets }]));
      await rename(join(folder, 'next.json'), join(folder, 'targets.json'));
    };
    await discovers(ports);
    await writeFile(join(folder, 'prometheus.yml'), stringify(await configOf(pace, alertmanager)));
    if (past !== undefined) await writePast(folder, past);
    const url = `http://127.0.0.1:${port}`;
    return await withServer(
      {
        title: 'Prometheus',
        command: [
          program,
          '--config.file=prometheus.yml',
          '--storage.tsdb.path=data',
          `--web.listen-address=127.0.0.1:${port}`,
          '--log.level=warn',
          // Targets are taken up at once instead of some seconds later.
          '--scrape.discovery-reload-interval=100ms',
        ],
        cwd: folder,
        isReady: answersAt(`${url}/-/ready`),
      },
      async () => {
        const prometheus = { ...client(url), discovers };
        await prometheus.becomes('count(up)', [], { '': ports.length });
        return work(prometheus);
      },
    );
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

/** The shipped scrape job with given targets instead of those it finds by name, at the pace of tests. */
async function configOf({ every }: Pace, alertmanager: string | undefined): Promise<object> {
  const shipped = parse(await readFile(SHIPPED_CONFIG, 'utf8')) as {
    readonly scrape_configs: readonly Readonly<Record<string, unknown>>[];
  };
  const job = shipped.scrape_configs.find(({ job_name: name }) => name === SCRAPE_JOB);
  if (job === undefined) throw new Error(`${SHIPPED_CONFIG} has no scrape job '${SCRAPE_JOB}'`);
  const kept = Object.entries(job).filter(([key]) => !key.endsWith('_sd_configs'));
  return {
    global: { scrape_interval: every, scrape_timeout: every, evaluation_interval: every },
    rule_files: ['rules/*.yml'],
    scrape_configs: [
      { ...Object.fromEntries(kept), file_sd_configs: [{ files: ['targets.json'] }] },
    ],
    ...(alertmanager === undefined
      ? {}
      : {
          alerting: {
            alertmanagers: [
              { static_configs: [{ targets: [alertmanager.replace('http://', '')] }] },
            ],
          },
        }),
  };
}

function client(url: string): Omit<Prometheus, 'discovers'> {
  const ask = async (path: string, fields: Record<string, string>): Promise<Answer> => {
    const answer = await fetch(`${url}/api/v1/${path}`, {
      method: 'POST',
      body: new URLSearchParams(fields),
    });
    const body = (await answer.json()) as { status: string; error?: string; data: Answer };
    if (body.status !== 'success') throw new Error(`${fields['query']}: ${body.error}`);
    return body.data;
  };
  const query: Prometheus['query'] = async (expression, atS) => {
    const fields = { query: expression, time: String(atS ?? Date.now() / 1000) };
    return seriesOf(await ask('query', fields));
  };
  const table: Prometheus['table'] = async (expression, by) => tableOf(await query(expression), by);
  const alertOf = (alert: string, labels: Readonly<Record<string, string>>): string => {
    const wanted = { alertname: alert, alertstate: 'firing', ...labels };
    const matchers = Object.entries(wanted).map(([name, value]) => `${name}="${value}"`);
    return `ALERTS{${matchers.join(',')}}`;
  };
  const isThere = async (expression: string): Promise<boolean> =>
    (await query(expression)).length > 0;
  /** A counter of Prometheus about its own rules, by group; only what is not 0. */
  const countsByGroup = async (counter: string): Promise<Table> => {
    const text = await (await fetch(`${url}/metrics`)).text();
    const line = new RegExp(`^${counter}\\{.*rule_group="[^"]*;([^"]+)"\\} (\\d+)$`, 'gm');
    const all = [...text.matchAll(line)].map(([, group = '', n]) => [group, Number(n)] as const);
    return Object.fromEntries(all.filter(([, count]) => count > 0));
  };
  const patiently = async (isSo: () => Promise<boolean>, what: string): Promise<void> => {
    await until(isSo, what, PATIENCE_MS).catch(async (error: Error) => {
      const alerts = await query('ALERTS');
      const seen = alerts.map(({ labels }) => JSON.stringify(labels)).join('\n  ');
      const missed = JSON.stringify(
        await countsByGroup('prometheus_rule_group_iterations_missed_total'),
      );
      const about = `evaluations missed: ${missed}; alerts now:\n  ${seen}`;
      throw new Error(`${error.message}; ${about}`, { cause: error });
    });
  };
  return {
    url,
    startedAtS: Date.now() / 1000,
    query,
    table,
    range: async (expression, fromS, toS) => {
      const fields = { query: expression, start: String(fromS), end: String(toS), step: '1' };
      return seriesOf(await ask('query_range', fields));
    },
    labelValues: async (label, selector) => {
      const match = encodeURIComponent(selector);
      const answer = await fetch(`${url}/api/v1/label/${label}/values?match[]=${match}`);
      return ((await answer.json()) as { data: string[] }).data;
    },
    becomes: async (expression, by, expected) => {
      const wanted = JSON.stringify(sorted(expected));
      await until(
        async () => JSON.stringify(await table(expression, by)) === wanted,
        expression,
        PATIENCE_MS,
      ).catch(async () => {
        expect({ [expression]: await table(expression, by) }).toEqual({ [expression]: expected });
      });
    },
    fires: (alert, labels = {}) =>
      patiently(() => isThere(`last_over_time(${alertOf(alert, labels)}[15s])`), `${alert} fires`),
    resolves: (alert, labels = {}) =>
      patiently(async () => !(await isThere(alertOf(alert, labels))), `${alert} does not fire`),
    annotations: async (alert) => {
      const answer = await fetch(`${url}/api/v1/alerts`);
      const { data } = (await answer.json()) as {
        data: { alerts: { labels: Metric; annotations: Metric; state: string }[] };
      };
      const found = data.alerts.find(
        ({ labels, state }) => labels['alertname'] === alert && state === 'firing',
      );
      if (found === undefined) throw new Error(`${alert} does not fire`);
      return found.annotations;
    },
    catchesUp: async () => {
      const sinceS = Date.now() / 1000;
      await until(
        async () => (await query(`timestamp(up) > ${sinceS}`)).length > 0,
        'a scrape',
        PATIENCE_MS,
      );
      const scrapedS = Date.now() / 1000;
      await until(
        async () => {
          const answer = await fetch(`${url}/api/v1/rules`);
          const { data } = (await answer.json()) as {
            data: { groups: { lastEvaluation: string }[] };
          };
          return data.groups.every((group) => Date.parse(group.lastEvaluation) / 1000 > scrapedS);
        },
        'an evaluation of every rule',
        PATIENCE_MS,
      );
    },
    fired: async (sinceS) => {
      const nowS = Date.now() / 1000;
      const windowS = Math.max(1, Math.ceil(nowS - (sinceS ?? nowS - 3600)));
      const seen = await query(
        `count by (alertname) (max_over_time(ALERTS{alertstate="firing"}[${windowS}s]))`,
        nowS,
      );
      return seen.map(({ labels }) => labels['alertname'] ?? '').toSorted();
    },
    cost: async () => {
      const text = await (await fetch(`${url}/metrics`)).text();
      const sumOf = (name: string): number =>
        [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'gm'))]
          .map(([, value]) => Number(value))
          .reduce((sum, value) => sum + value, 0);
      const groups = text.match(/^prometheus_rule_group_rules\{/gm)?.length ?? 0;
      const meanS =
        sumOf('prometheus_rule_group_duration_seconds_sum') /
        sumOf('prometheus_rule_group_duration_seconds_count');
      return { evaluationS: meanS * groups, cpuS: sumOf('process_cpu_seconds_total') };
    },
    ruleFailures: () => countsByGroup('prometheus_rule_evaluation_failures_total'),
    promtool: async (expression) => {
      const { promtool } = await prometheusTools();
      const command = [promtool, 'query', 'instant', url, expression];
      return runTool(command, { env: process.env, timeoutMs: 10_000 });
    },
  };
}
