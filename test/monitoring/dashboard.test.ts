/** The dashboards held to rules of the kind that grafana/dashboard-linter has, and to the catalogue. Needs no server. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';

import { CATALOGUE } from '../../src/metrics/catalogue.ts';
import { ROOT } from '../harness/cli.ts';
import { expressionsOf, panelsOf, readDashboards } from './dashboard.ts';
import { runInPackage } from './dashboards-package.ts';
import { catalogueNameOf, labelsOfMetric } from './known-metrics.ts';
import { divisorsOf, labelsKept, parsed, quantilesOf, selectorsOf } from './selectors.ts';

const dashboards = readDashboards();
const [overview, jobPage] = dashboards;
const expressions = dashboards.flatMap((dashboard) => expressionsOf(dashboard));
const each = expressions.map((expression) => [expression.place, expression] as const);
const eachDashboard = dashboards.map((dashboard) => [dashboard.title, dashboard] as const);
const eachPanel = dashboards.flatMap((dashboard) =>
  panelsOf(dashboard).map(
    ({ row, panel }) => [`${dashboard.title} > ${row} > ${panel.title}`, panel] as const,
  ),
);

/** In the order in which a selector names them. */
const VARIABLES = ['job', 'profile', 'step'];

const readYaml = (file: string): unknown =>
  parse(readFileSync(join(ROOT, 'monitoring/grafana/provisioning', file), 'utf8'));

describe('the files', () => {
  test('the dashboards are what their sources write, and those are well typed', async () => {
    await runInPackage('check');
  });

  test.each([
    ['pipeline-overview', overview],
    ['pipeline-job', jobPage],
  ])('%s is one that Grafana provisions from a file, under a fixed address', (uid, dashboard) => {
    expect(dashboard).toMatchObject({ uid, schemaVersion: 42, editable: false });
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
  test.each(eachDashboard)(
    '%s: the datasource is chosen by one, and everything asks it',
    (_title, dashboard) => {
      const chosen = dashboard.templating.list.find(({ name }) => name === 'datasource');
      expect(chosen).toMatchObject({ type: 'datasource', query: 'prometheus' });
      const asked = new Set<string>();
      JSON.parse(JSON.stringify(dashboard), (key, value: unknown) => {
        if (key === 'datasource') asked.add(JSON.stringify(value));
        return value;
      });
      expect([...asked]).toEqual(['{"type":"prometheus","uid":"${datasource}"}']);
    },
  );

  test.each([
    ['the overview', overview, ['job', 'profile']],
    ['the page of a job', jobPage, ['profile', 'step']],
  ])('of %s: several or all values, kept fresh', (_which, dashboard, names) => {
    for (const name of names) {
      expect(dashboard?.templating.list.find((variable) => variable.name === name)).toMatchObject({
        type: 'query',
        multi: true,
        includeAll: true,
        allValue: '.+',
        refresh: 2,
      });
    }
  });

  test('the page of a job shows one job', () => {
    expect(jobPage?.templating.list.find(({ name }) => name === 'job')).toMatchObject({
      type: 'query',
      multi: false,
      includeAll: false,
      refresh: 2,
    });
  });
});

describe('panels', () => {
  test.each(eachPanel)('%s has a title, a description and a unit', (_place, panel) => {
    expect(panel.title).toMatch(/^\S/);
    expect(panel.description).toMatch(/^[A-Z"].+\.$/);
    expect(panel.fieldConfig?.defaults.unit).toMatch(/^\w+$/);
    if (panel.type !== 'text') expect(panel.targets?.length).toBeGreaterThan(0);
  });

  test.each(eachDashboard)(
    '%s: every panel has a number and a title of its own',
    (_title, dashboard) => {
      const ids = dashboard.panels.map(({ id }) => id);
      expect(ids).toEqual([...new Set(ids)]);
      const titles = dashboard.panels.map(({ title }) => title);
      expect(titles).toEqual([...new Set(titles)]);
    },
  );

  test.each(eachDashboard)(
    '%s: panels lie inside the grid of 24 columns and on no other',
    (_title, dashboard) => {
      const taken = new Map<string, string>();
      for (const { title, gridPos } of dashboard.panels) {
        expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
        for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
          for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
            expect([title, taken.get(`${x}:${y}`)]).toEqual([title, undefined]);
            taken.set(`${x}:${y}`, title);
          }
        }
      }
    },
  );

  test.each(eachPanel)(
    '%s: what colours or names a column names one that is there',
    (_place, panel) => {
      if (panel.type !== 'table') return;
      const organize = panel.transformations?.find(({ id }) => id === 'organize');
      const renamed = organize?.options['renameByName'] as Record<string, string>;
      const named = panel.fieldConfig?.overrides.map(({ matcher }) => matcher.options) ?? [];
      expect(Object.values(renamed)).toEqual(expect.arrayContaining(named));
      const numbered = Object.keys(renamed).flatMap(
        (name) => /^Value #(\w)$/.exec(name)?.[1] ?? [],
      );
      expect(panel.targets?.map(({ refId }) => refId)).toEqual(numbered);
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
      const there = place.startsWith('Pipeline job') ? VARIABLES : VARIABLES.slice(0, 2);
      for (const { metric, matchers } of selectorsOf(source)) {
        if (metric.startsWith('ALERTS')) continue;
        const narrowed = matchers.filter(({ value }) => value.startsWith('$'));
        const labels = labelsOfMetric(metric);
        const wanted = there.filter((name) => labels.includes(name));
        expect([
          metric,
          ...narrowed.map(({ label, op, value }) => `${label}${op}${value}`),
        ]).toEqual([metric, ...wanted.map((name) => `${name}=~$${name}`)]);
      }
    },
  );

  test.each(each)('%s names no job, profile, step or bucket', (_place, { source }) => {
    for (const { matchers } of selectorsOf(source)) {
      for (const { label, value } of matchers) {
        expect(label).not.toBe('le');
        if (VARIABLES.includes(label)) expect(['', `$${label}`]).toContain(value);
      }
    }
  });

  test.each(each)(
    '%s reads counters as what they gained, summed over instances',
    (_place, { source }) => {
      for (const { metric, within, window } of selectorsOf(source)) {
        if (!/_(total|bucket|sum|count)$/.test(metric)) continue;
        expect(within).toContain('sum');
        if (within[0] === 'rate') expect(['$__rate_interval', '$window', '6h']).toContain(window);
        else if (within[0] === 'increase' || within[0] === 'resets')
          expect(['$__range', '$__interval']).toContain(window);
        // `counted`: its value now, less what it was before.
        else expect(['sum', 'last_over_time 1h']).toContain([within[0], window].join(' ').trim());
      }
    },
  );

  test.each(each)(
    '%s reads gauges as the newest value, whoever shows it',
    (_place, { source, kind }) => {
      if (kind === 'variable') return;
      for (const { metric, within } of selectorsOf(source)) {
        const ours = CATALOGUE.find(({ name }) => name === metric);
        if (ours?.type !== 'gauge' || !labelsOfMetric(metric).includes('profile')) continue;
        expect(['max', 'changes']).toContain(within[0]);
        expect(within).toContain('max');
      }
    },
  );

  test.each(each)('%s draws nothing where there is nothing, not NaN', (_place, { source }) => {
    expect(quantilesOf(source).filter(({ guarded }) => !guarded)).toEqual([]);
    const mayBeZero = divisorsOf(source).filter(
      (divisor) => !/> 0\s*\)$/.test(divisor) && !/^\d+$/.test(divisor),
    );
    expect(mayBeZero).toEqual([]);
  });

  test.each(each)('%s keeps the labels that are shown', (_place, { source, kind, labels }) => {
    const metric = selectorsOf(source)[0]?.metric ?? '';
    const kept = kind === 'variable' ? labelsOfMetric(metric) : labelsKept(source, labelsOfMetric);
    expect([...(kept ?? [])]).toEqual(expect.arrayContaining([...labels]));
  });

  test('an unknown variable is refused, not passed on to Prometheus', () => {
    const panel = overview!.panels.find(({ type }) => type === 'stat')!;
    const broken = { ...panel, targets: [{ refId: 'A', expr: 'up{job="$jbo"}', instant: true }] };
    expect(() => expressionsOf({ ...overview!, panels: [broken] })).toThrow(
      'unknown variable $jbo',
    );
  });
});

describe('what the specification asks to see', () => {
  const exprsOf = (dashboard: number, title: string): string =>
    panelsOf(dashboards[dashboard]!)
      .filter(({ panel }) => panel.title.startsWith(title))
      .flatMap(({ panel }) => panel.targets?.map(({ expr }) => expr) ?? [])
      .join('\n');

  test.each([0, 1])('P50, P95 and the threshold of the profile in one panel (%i)', (dashboard) => {
    const exprs = exprsOf(dashboard, 'Step duration percentiles');
    expect(exprs).toMatch(/histogram_quantile\(\s+0\.5,/);
    expect(exprs).toMatch(/histogram_quantile\(\s+0\.95,/);
    expect(exprs).toContain('p95_threshold');
  });

  test.each([0, 1])(
    'success against failure of each step, and when each completed (%i)',
    (dashboard) => {
      expect(exprsOf(dashboard, 'Success and failure')).toContain('pipeline_step_status_total');
      expect(exprsOf(dashboard, 'Recent run timeline')).toContain(
        'pipeline_step_completed_timestamp_seconds',
      );
    },
  );

  test('marks stand at the time the metric says, in milliseconds', () => {
    const { list } = jobPage!.annotations;
    expect(list.map(({ name }) => name)).toEqual(['Run started', 'Run completed', 'Run failed']);
    for (const { target, useValueForTime } of list) {
      expect(useValueForTime).toBe(true);
      expect(target.expr).toMatch(/^1000 \* max by [^+]*_timestamp_seconds/);
    }
  });
});

describe('the catalogue', () => {
  const read = new Set(
    expressions.flatMap(({ source }) => selectorsOf(source).map(({ metric }) => metric)),
  );

  test.each([...read])('%s is served by an exporter, or made by Prometheus', (metric) => {
    expect(() => labelsOfMetric(metric)).not.toThrow();
  });

  test('every metric of ours is shown, or is left out for a reason', () => {
    const leftOut = {
      pipeline_build_info: 'for queries that ask which version did it',
      pipeline_limit_in_use: 'few projects have limits; for queries that ask what is held',
      pipeline_limit_waiting_seconds: 'likewise, for how long one waits',
      pipeline_run_failed_info: 'alerts name it',
    };
    const shown = new Set([...read].flatMap((metric) => catalogueNameOf(metric) ?? []));
    const missing = CATALOGUE.map(({ name }) => name).filter((name) => !shown.has(name));
    expect(missing.sort()).toEqual(Object.keys(leftOut).sort());
  });
});
