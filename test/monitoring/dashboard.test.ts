/** The dashboard held to rules of the kind that grafana/dashboard-linter has, and to the catalogue. Needs no server. */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';

import { CATALOGUE } from '../../src/metrics/catalogue.ts';
import { ROOT } from '../harness/cli.ts';
import { expressionsOf, panelsOf, readDashboard } from './dashboard.ts';
import { RULES, catalogueNameOf, labelsInResult, labelsOfMetric } from './known-metrics.ts';
import { divisorsOf, labelsKept, parsed, quantilesOf, selectorsOf } from './selectors.ts';

const dashboard = readDashboard();
const panels = panelsOf(dashboard);
const expressions = expressionsOf(dashboard);
const each = expressions.map((expression) => [expression.place, expression] as const);
const eachPanel = panels.map(({ row, panel }) => [`${row} > ${panel.title}`, panel] as const);

/** In the order in which a selector names them. */
const VARIABLES = ['job', 'profile', 'step', 'instance'];

const readYaml = (file: string): unknown =>
  parse(readFileSync(join(ROOT, 'monitoring/grafana/provisioning', file), 'utf8'));

describe('the files', () => {
  test('the dashboard is what its sources write', () => {
    execFileSync(process.execPath, ['monitoring/grafana/dashboard/write.mjs', '--check'], {
      cwd: ROOT,
    });
  });

  test('the dashboard is one that Grafana provisions from a file, under a fixed address', () => {
    expect(dashboard).toMatchObject({
      uid: 'pipeline-overview',
      schemaVersion: 42,
      editable: false,
    });
    expect(dashboard).not.toHaveProperty('id');
    expect(dashboard).not.toHaveProperty('__inputs');
  });

  test('the folder of dashboards is provisioned, and only from files', () => {
    expect(readYaml('dashboards/dashboards.yaml')).toMatchObject({
      apiVersion: 1,
      providers: [
        {
          type: 'file',
          allowUiUpdates: false,
          options: { path: '/etc/grafana/provisioning/dashboards' },
        },
      ],
    });
  });

  test("the datasource is the default one, called prometheus, at the stack's Prometheus", () => {
    expect(readYaml('datasources/prometheus.yaml')).toMatchObject({
      apiVersion: 1,
      datasources: [
        {
          name: 'prometheus',
          uid: 'prometheus',
          type: 'prometheus',
          access: 'proxy',
          url: 'http://prometheus:9090',
          isDefault: true,
          jsonData: { httpMethod: 'POST', timeInterval: '15s' },
        },
      ],
    });
  });
});

describe('variables', () => {
  test('the datasource is chosen by a variable, and everything asks it', () => {
    const chosen = dashboard.templating.list.find(({ name }) => name === 'datasource');
    expect(chosen).toMatchObject({ type: 'datasource', query: 'prometheus' });
    const asked = new Set<string>();
    JSON.parse(JSON.stringify(dashboard), (key, value: unknown) => {
      if (key === 'datasource') asked.add(JSON.stringify(value));
      return value;
    });
    expect([...asked]).toEqual(['{"type":"prometheus","uid":"${datasource}"}']);
  });

  test.each(VARIABLES)('%s: several or all values, kept fresh', (name) => {
    expect(dashboard.templating.list.find((variable) => variable.name === name)).toMatchObject({
      type: 'query',
      multi: true,
      includeAll: true,
      allValue: '.+',
      refresh: 2,
    });
  });
});

describe('panels', () => {
  test.each(eachPanel)('%s has a title, a description and a unit', (_place, panel) => {
    expect(panel.title).toMatch(/^\S/);
    expect(panel.description).toMatch(/^[A-Z"].+\.$/);
    expect(panel.fieldConfig?.defaults.unit).toMatch(/^\w+$/);
    expect(panel.targets?.length).toBeGreaterThan(0);
  });

  test('no number of a panel is given twice', () => {
    const all = dashboard.panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]);
    const ids = all.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)]);
  });

  test('no title appears twice, so that a place names one panel', () => {
    const places = eachPanel.map(([place]) => place);
    expect(places).toEqual([...new Set(places)]);
  });

  test('panels lie inside the grid of 24 columns and on no other', () => {
    const taken = new Map<string, string>();
    for (const { id, title, gridPos } of [
      ...dashboard.panels.filter(({ type }) => type === 'row'),
      ...panels.map(({ panel }) => panel),
    ]) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect([title, taken.get(`${x}:${y}`)]).toEqual([title, undefined]);
          taken.set(`${x}:${y}`, `${title} (${id})`);
        }
      }
    }
  });

  test.each(eachPanel)(
    '%s: what colours or names a column names one that is there',
    (_place, panel) => {
      if (panel.type !== 'table') return;
      const organize = panel.transformations?.find(({ id }) => id === 'organize');
      const columns = Object.values(organize?.options['renameByName'] as Record<string, string>);
      const named = panel.fieldConfig?.overrides.map(({ matcher }) => matcher.options) ?? [];
      expect(columns).toEqual(expect.arrayContaining(named));
      expect(panel.targets?.map(({ refId }) => refId)).toEqual(
        Object.keys(organize?.options['renameByName'] as object).flatMap(
          (name) => /^Value #(\w)$/.exec(name)?.[1] ?? [],
        ),
      );
    },
  );
});

describe('expressions', () => {
  test.each(each)('%s is PromQL once its variables are filled in', (_place, { expr }) => {
    parsed(expr);
    expect(expr).not.toContain('$');
  });

  test.each(each)(
    '%s is narrowed by every variable that its metrics have a label for',
    (place, { source, kind }) => {
      // A variable is narrowed by those that are chosen before it, not by itself or a later one.
      if (kind === 'variable') return;
      // Attempts have no job, so what they are compared with must be of all jobs too.
      const ofAllJobs = place.includes('Attempts of each step');
      for (const { metric, matchers } of selectorsOf(source)) {
        if (metric.startsWith('ALERTS')) continue;
        const narrowed = matchers.filter(({ value }) => value.startsWith('$'));
        const wanted = labelsOfMetric(metric).filter(
          (label) => isVariable(label) && !(ofAllJobs && label === 'job'),
        );
        expect([
          metric,
          ...narrowed.map(({ label, op, value }) => `${label}${op}${value}`),
        ]).toEqual([
          metric,
          ...VARIABLES.filter((v) => wanted.includes(v)).map((v) => `${v}=~$${v}`),
        ]);
      }
    },
  );

  test.each(each)('%s names no job, profile, step or bucket', (_place, { source }) => {
    for (const { matchers } of selectorsOf(source)) {
      for (const { label, value } of matchers) {
        expect(label).not.toBe('le');
        if (!isVariable(label)) continue;
        expect(['', `$${label}`, `$${label}|`]).toContain(value);
      }
    }
  });

  test.each(each)(
    '%s reads counters as what they gained, summed over instances',
    (_place, { source }) => {
      for (const { metric, within, window } of selectorsOf(source)) {
        if (!/_(total|bucket|sum|count)$/.test(metric)) continue;
        expect(['rate', 'increase', 'resets', 'last_over_time']).toContain(within[0]);
        expect(within.slice(1)).toContain('sum');
        if (within[0] === 'rate') expect(['$__rate_interval', '$window']).toContain(window);
        else expect(['$__range', '$__interval', '$window', '8d']).toContain(window);
      }
    },
  );

  test.each(each)('%s draws nothing where there is nothing, not NaN', (_place, { source }) => {
    expect(quantilesOf(source).filter(({ guarded }) => !guarded)).toEqual([]);
    const settings = /pipeline:profile_\w+_seconds:newest/;
    const mayBeZero = divisorsOf(source).filter(
      (divisor) => !divisor.endsWith('> 0)') && !settings.test(divisor) && !/^\d+$/.test(divisor),
    );
    expect(mayBeZero).toEqual([]);
  });

  test.each(each)('%s keeps the labels that are shown', (_place, { source, kind, labels }) => {
    const metric = selectorsOf(source)[0]?.metric ?? '';
    const kept = kind === 'variable' ? labelsOfMetric(metric) : labelsKept(source, labelsInResult);
    expect([...(kept ?? [])]).toEqual(expect.arrayContaining([...labels]));
  });
});

describe('what the specification asks to see', () => {
  const panelOf = (title: string) =>
    panels.find(({ panel }) => panel.title.startsWith(title))?.panel;

  test('P50, P95 and the threshold of the profile in one panel', () => {
    const exprs = panelOf('Step duration')?.targets?.map(({ expr }) => expr) ?? [];
    expect(exprs).toContainEqual(expect.stringMatching(/^histogram_quantile\(\s+0\.5,/));
    expect(exprs).toContainEqual(expect.stringMatching(/^histogram_quantile\(\s+0\.95,/));
    expect(exprs).toContainEqual(expect.stringContaining('p95_threshold'));
  });

  test('success against failure of each step, and when each step completed', () => {
    expect(panelOf('Success and failure')?.targets?.[0]?.expr).toContain('by (step, status)');
    expect(panelOf('Recent run timeline')?.targets?.[0]?.expr).toContain(
      'step_completed_timestamp',
    );
    expect(panelOf('Last completion')?.targets?.[1]?.expr).toContain('step_completed_timestamp');
  });

  test('marks stand at the time the metric says, in milliseconds', () => {
    const { list } = dashboard.annotations;
    expect(list.map(({ name }) => name)).toEqual(['Run started', 'Run completed', 'Run failed']);
    for (const { target, useValueForTime } of list) {
      expect(useValueForTime).toBe(true);
      expect(target.expr).toMatch(/^1000 \* max by [^+]*_timestamp_seconds/);
    }
  });

  test("a run id leads to Temporal's UI, an alert to its section of the runbook", () => {
    const linksOf = (title: string) =>
      JSON.stringify(
        panelOf(title)?.fieldConfig?.overrides.flatMap(({ properties }) => properties),
      );
    expect(linksOf('Recent runs')).toContain('${temporal_ui}/workflows/${__data.fields.Run}');
    expect(linksOf('Firing alerts')).toContain('${runbook}');
  });
});

describe('the catalogue', () => {
  const read = new Set(
    expressions.flatMap(({ source }) => selectorsOf(source).map(({ metric }) => metric)),
  );

  test.each([...read])(
    '%s is served by an exporter, recorded by a rule, or made by Prometheus',
    (metric) => {
      expect(() => labelsOfMetric(metric)).not.toThrow();
    },
  );

  test('every metric of ours is shown, or is left out for a reason', () => {
    const leftOut = {
      pipeline_step_last_attempt_timestamp_seconds:
        'tells the recording rules which instance has the newest values; those are shown',
    };
    const shown = new Set([...read].flatMap((metric) => catalogueNameOf(metric) ?? []));
    const missing = CATALOGUE.map(({ name }) => name).filter((name) => !shown.has(name));
    expect(missing).toEqual(Object.keys(leftOut));
  });

  test('every alert has the name by which the dashboard finds it', () => {
    expect([...RULES.alerts].filter((name) => !/^Pipeline.+$/.test(name))).toEqual([]);
    expect(RULES.alerts.size).toBeGreaterThan(0);
  });

  test('an unknown variable is refused, not passed on to Prometheus', () => {
    const [panel] = dashboard.panels.filter(({ type }) => type === 'stat');
    const broken = {
      ...panel!,
      targets: [{ refId: 'A', expr: 'up{job="$jbo"}', instant: true, range: false }],
    };
    expect(() => expressionsOf({ ...dashboard, panels: [broken] })).toThrow(
      'unknown variable $jbo',
    );
  });
});

function isVariable(label: string): boolean {
  return VARIABLES.includes(label);
}
