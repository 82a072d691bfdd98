/** The shipped rules: promtool accepts and proves them, they name only what exists, and each alert leads somewhere. */

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expect, test } from '@jest/globals';

import { CATALOGUE } from '../../src/metrics/catalogue.ts';
import { metricsOf } from './promql.ts';
import {
  isAlert,
  nameOf,
  readGroups,
  RULE_TESTS_FOLDER,
  RULES_FOLDER,
  yamlFilesIn,
} from './rule-files.ts';
import { firingOverTime, readRuleTests } from './rule-tests.ts';
import { prometheusTools } from './servers.ts';
import { TEMPORAL_METRICS } from './temporal-metrics.ts';

const RULES = readGroups().flatMap((group) => group.rules);
const ALERTS = RULES.filter(isAlert);
const RUNBOOK = readFileSync(new URL('../../docs/alerts.md', import.meta.url), 'utf8');
const GRAFANA =
  '{{ with $externalLabels.grafana_url }}{{ . }}{{ else }}http://localhost:3000{{ end }}';
const DOCS = '{{ with $externalLabels.docs_url }}{{ . }}{{ else }}docs{{ end }}';

async function promtool(...words: readonly string[]): Promise<string> {
  const { promtool: path } = await prometheusTools();
  const { stdout, stderr } = await promisify(execFile)(path, words);
  return stdout + stderr;
}

/** Names under which our instruments are stored. */
function catalogueNames(): readonly string[] {
  return CATALOGUE.flatMap(({ name, type }) =>
    type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  );
}

test.each(yamlFilesIn(RULES_FOLDER))('promtool finds nothing to say against %s', async (name) => {
  const said = await promtool(
    'check',
    'rules',
    '--lint=all',
    '--lint-fatal',
    join(RULES_FOLDER, name),
  );
  expect(said).toMatch(/SUCCESS: \d+ rules found/);
});

test.each(yamlFilesIn(RULE_TESTS_FOLDER))('the cases of %s hold', async (name) => {
  expect(await promtool('test', 'rules', join(RULE_TESTS_FOLDER, name))).toContain('SUCCESS');
});

test.each(ALERTS)('$alert has cases in which it is silent, fires and ends', ({ alert }) => {
  const cases = firingOverTime(alert, readRuleTests());
  const some = (rule: (before: number, after: number) => boolean): boolean =>
    cases.some((counts) => counts.some((n, i) => i > 0 && rule(counts[i - 1] ?? 0, n)));
  expect(cases.some((counts) => counts.some((n) => n === 0))).toBe(true);
  expect(cases.some((counts) => counts.some((n) => n > 0))).toBe(true);
  expect(some((before, after) => after < before)).toBe(true);
});

test('rules have a name each', () => {
  const names = RULES.map(nameOf);
  expect(names.toSorted()).toEqual([...new Set(names)].toSorted());
});

test('rules name only metrics of the catalogue, other rules, up, and what the SDK serves', () => {
  const known = [...catalogueNames(), ...RULES.map(nameOf), ...TEMPORAL_METRICS, 'up'];
  const unknown = RULES.flatMap((rule) =>
    [...metricsOf(rule.expr, known)]
      .filter((metric) => !known.includes(metric))
      .map((metric) => `${nameOf(rule)}: ${metric}`),
  );
  expect(unknown).toEqual([]);
});

test('every metric that a description asks for is recorded', () => {
  const recorded = RULES.map(nameOf);
  const asked = ALERTS.flatMap(({ annotations }) => [
    ...(annotations?.['description'] ?? '').matchAll(/\bpipeline:[a-z0-9_:]+/g),
  ]).map(([name]) => name);
  expect(asked.filter((name) => !recorded.includes(name))).toEqual([]);
});

test.each(ALERTS)('$alert says how bad it is, what it is, and where to look', (alert) => {
  const { labels, annotations, expr } = alert;
  expect(['critical', 'warning', 'info']).toContain(labels?.['severity']);
  expect(annotations?.['summary']).toMatch(/^[A-Z{].*[^.]$/);
  expect(annotations?.['description']).toMatch(/\.$/);
  expect(annotations?.['runbook_url']).toBe(`${DOCS}/alerts.md#${alert.alert.toLowerCase()}`);
  const [base, query = ''] = (annotations?.['dashboard_url'] ?? '').split('?');
  expect(base).toBe(`${GRAFANA}/d/pipeline-overview`);
  for (const [, variable, label] of query.matchAll(/(\w+-\w+)=\{\{ \$labels\.(\w+) \}\}/g)) {
    expect(variable).toBe(`var-${label}`);
  }
  if (expr.includes('absent(')) expect(alert.for).toBeDefined();
});

test('every alert has a section in the runbook, and every section an alert', () => {
  const sections = [...RUNBOOK.matchAll(/^### (.+)$/gm)].map(([, title]) => title);
  expect(sections.toSorted()).toEqual(ALERTS.map(({ alert }) => alert).toSorted());
});

test('the runbook tells the severity of each alert as it is', () => {
  const told = RUNBOOK.split(/^### /m)
    .slice(1)
    .map((section) => /^(\w+)\n\n`(\w+)`\. /.exec(section)?.slice(1).join(' '));
  const real = ALERTS.map(({ alert, labels }) => `${alert} ${labels?.['severity']}`);
  expect(told.toSorted()).toEqual(real.toSorted());
});

test('every expression and link of the runbook is valid', () => {
  const known = [...catalogueNames(), ...RULES.map(nameOf)];
  const others = /^(temporal_|process_|up$|ALERTS$)/;
  for (const [, block = ''] of RUNBOOK.matchAll(/```promql\n([^`]*)```/g)) {
    for (const line of block.trim().split('\n')) {
      const names = [...metricsOf(line, known)].filter((name) => !others.test(name));
      expect(known).toEqual(expect.arrayContaining(names));
    }
  }
  const anchors = [...RUNBOOK.matchAll(/^### (.+)$/gm)].map(([, title]) => title?.toLowerCase());
  for (const [, anchor] of RUNBOOK.matchAll(/\]\(#([a-z]+)\)/g)) expect(anchors).toContain(anchor);
});
