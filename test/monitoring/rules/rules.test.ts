/** The shipped rules: promtool accepts and proves them, they name only what exists, and each alert leads somewhere. */

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

import { expect, test } from '@jest/globals';

import { CATALOGUE } from '../../../src/metrics/catalogue.ts';
import { metricsOf } from '../promql.ts';
import { prometheusTools } from '../servers.ts';
import { CASES, failureOf, inPromtool } from './promtool.ts';
import { isAlert, nameOf, readRules, RULES_FILE } from './rule-files.ts';
import { FOREIGN_METRICS } from './foreign-metrics.ts';

const RULES = readRules();
const ALERTS = RULES.filter(isAlert);
const RUNBOOK = readFileSync(new URL('../../../docs/alerts.md', import.meta.url), 'utf8');

/** Names under which our instruments and recorded values are stored. */
const OURS = [
  ...RULES.map(nameOf),
  ...CATALOGUE.flatMap(({ name, type }) =>
    type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  ),
];

test('promtool finds nothing to say against the rules', async () => {
  const { promtool } = await prometheusTools();
  const words = ['check', 'rules', '--lint=all', '--lint-fatal', RULES_FILE];
  const { stdout } = await promisify(execFile)(promtool, words);
  expect(stdout).toMatch(/SUCCESS: \d+ rules found/);
});

test.each(CASES)('$alert: $claim', async (one) => {
  expect(await failureOf([one])).toBeUndefined();
});

test.each(ALERTS)('$alert has cases in which it is silent, fires and ends', ({ alert }) => {
  const counts = CASES.filter((one) => one.alert === alert).map(({ firing }) =>
    Object.values(firing).map(({ length }) => length),
  );
  expect(counts.flat().some((n) => n > 0)).toBe(true);
  if (alert === 'PipelineWatchdog') return;
  expect(counts.flat().some((n) => n === 0)).toBe(true);
  const falls = counts.some((list) => list.some((n, i) => n < (list[i - 1] ?? 0)));
  expect(falls).toBe(true);
});

test('rules have a name each', () => {
  const names = RULES.map(nameOf);
  expect(names.toSorted()).toEqual([...new Set(names)].toSorted());
});

test('rules name only metrics of the catalogue, other rules, and what Prometheus and the SDK serve', () => {
  const known = [...OURS, ...FOREIGN_METRICS];
  const unknown = RULES.flatMap((rule) =>
    [...metricsOf(rule.expr, known)]
      .filter((metric) => !known.includes(metric))
      .map((metric) => `${nameOf(rule)}: ${metric}`),
  );
  expect(unknown).toEqual([]);
});

test.each(ALERTS)('$alert says how bad it is, what it is, and where to look', (alert) => {
  const { labels, annotations, expr } = alert;
  expect(['critical', 'warning', 'info']).toContain(labels?.['severity']);
  expect(annotations?.['summary']).toMatch(/^[A-Z{].*[^.]$/);
  expect(annotations?.['command']).toMatch(/builder_cli|curl/);
  expect(annotations?.['runbook_url']).toBe(
    `{{ or $externalLabels.docs_url "docs" }}/alerts.md#${alert.alert.toLowerCase()}`,
  );
  const [base, query = ''] = (annotations?.['dashboard_url'] ?? '').split('?');
  expect(base).toMatch(/^\{\{ or \$externalLabels\.grafana_url "[^"]+" \}\}\/d\/pipeline-\w+$/);
  for (const [, variable, label] of query.matchAll(/(\w+-\w+)=\{\{ \$labels\.(\w+) \}\}/g)) {
    expect(variable).toBe(`var-${label}`);
  }
  if (expr.includes('absent(')) expect(alert.for).toBeDefined();
});

test('a failure names the run that failed, not the newest; whatever else names that, with a command for the log', async () => {
  const series = (name: string, labels: string, profile = 'p'): object => ({
    series: `${name}{job="j",profile="${profile}",instance="a",${labels}}`,
    values: '1x9',
  });
  const said = await inPromtool(readFileSync(RULES_FILE, 'utf8'), [
    {
      rule_files: ['rules.yml'],
      tests: [
        {
          interval: '1m',
          external_labels: { docs_url: 'https://docs' },
          input_series: [
            series('pipeline_step_failed_timestamp_seconds', 'step="load"'),
            series('pipeline_profile_step_timeout_seconds', 'step="load"'),
            series('pipeline_run_info', 'run_id="j-20261127-030000-bbbb"'),
            series('pipeline_run_info', 'run_id="j-20261128-030000-aaaa"'),
            series('pipeline_run_info', 'run_id="j-20261126-030000-cccc"'),
            series('pipeline_run_failed_info', 'run_id="j-20261127-030000-bbbb"'),
            series('pipeline_run_started_timestamp_seconds', ''),
            series('pipeline_step_running_seconds', 'step="load"'),
            // Of a profile that is a step of that one.
            series('pipeline_profile_step_timeout_seconds', 'step="deep"', 'inner'),
            series('pipeline_step_running_seconds', 'step="deep"', 'inner'),
          ],
          alert_rule_test: [
            {
              alertname: 'PipelineStepFailing',
              eval_time: '5m',
              exp_alerts: [
                {
                  exp_labels: { job: 'j', profile: 'p', step: 'load', severity: 'critical' },
                  exp_annotations: {
                    summary: 'Step load of j (p) failed and has not succeeded since',
                    run: 'j-20261127-030000-bbbb',
                    command: 'builder_cli logs j-20261127-030000-bbbb --step load',
                    runbook_url: 'https://docs/alerts.md#pipelinestepfailing',
                    dashboard_url:
                      'http://localhost:3000/d/pipeline-job?var-job=j&var-profile=p&var-step=load',
                  },
                },
              ],
            },
            {
              alertname: 'PipelineStepStuck',
              eval_time: '5m',
              exp_alerts: [
                {
                  exp_labels: { job: 'j', profile: 'p', step: 'load', severity: 'warning' },
                  exp_annotations: {
                    summary: 'Step load of j (p) has been running for 1s',
                    run: 'j-20261128-030000-aaaa',
                    command: 'builder_cli logs j-20261128-030000-aaaa --step load',
                    runbook_url: 'https://docs/alerts.md#pipelinestepstuck',
                    dashboard_url:
                      'http://localhost:3000/d/pipeline-job?var-job=j&var-profile=p&var-step=load',
                  },
                },
                {
                  exp_labels: { job: 'j', profile: 'inner', step: 'deep', severity: 'warning' },
                  exp_annotations: {
                    summary: 'Step deep of j (inner) has been running for 1s',
                    run: 'j-20261128-030000-aaaa',
                    command: 'builder_cli logs j-20261128-030000-aaaa --step deep',
                    runbook_url: 'https://docs/alerts.md#pipelinestepstuck',
                    dashboard_url:
                      'http://localhost:3000/d/pipeline-job?var-job=j&var-profile=inner&var-step=deep',
                  },
                },
              ],
            },
          ],
        },
      ],
    },
  ]);
  expect(said).toBeUndefined();
});

test('every alert has a section in the runbook that tells its severity, and every section an alert', () => {
  const told = RUNBOOK.split(/^### /m)
    .slice(1)
    .map((section) => /^(\w+)\n\n`(\w+)`\. /.exec(section)?.slice(1).join(' '));
  const real = ALERTS.map(({ alert, labels }) => `${alert} ${labels?.['severity']}`);
  expect(told.toSorted()).toEqual(real.toSorted());
});

test('every expression and link of the runbook is valid', () => {
  const others = /^(temporal_|process_|up$|ALERTS$)/;
  for (const [, block = ''] of RUNBOOK.matchAll(/```promql\n([^`]*)```/g)) {
    for (const line of block.trim().split('\n')) {
      const names = [...metricsOf(line, OURS)].filter((name) => !others.test(name));
      expect(OURS).toEqual(expect.arrayContaining(names));
    }
  }
  const anchors = [...RUNBOOK.matchAll(/^##+ (.+)$/gm)].map(([, title]) =>
    title?.toLowerCase().replaceAll(' ', '-'),
  );
  for (const [, anchor] of RUNBOOK.matchAll(/\]\(#([a-z-]+)\)/g)) expect(anchors).toContain(anchor);
});
