/**
 * Every expression of the dashboards, with Grafana's variables filled in as Grafana does: what a viewer's browser would
 * ask Prometheus. For the tests that parse them and for those that ask a real Prometheus.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT } from '../harness/cli.ts';

/** Values of the dashboard's variables and of Grafana's own; durations as PromQL writes them. */
export type Values = {
  readonly job: string;
  readonly profile: string;
  readonly step: string;
  readonly window: string;
  readonly __range: string;
  readonly __interval: string;
  readonly __interval_ms: string;
  readonly __rate_interval: string;
};

/** As a viewer sees it who has chosen nothing: all of everything, a day, a scrape every 15 seconds. */
export const ALL: Values = Object.freeze({
  job: '.+',
  profile: '.+',
  step: '.+',
  window: '6h',
  __range: '1d',
  __interval: '15m',
  __interval_ms: '900000',
  __rate_interval: '1m',
});

export type Expression = {
  /** For people: dashboard, row, panel and target, or variable, or annotation. */
  readonly place: string;
  readonly kind: 'panel' | 'variable' | 'annotation';
  /** How Grafana asks: over the time range, at its end, or for the values of a label (`/api/v1/label/<label>/values`). */
  readonly ask: 'range' | 'instant' | 'label values';
  /** PromQL without any `$`; of a variable the selector, sent as `match[]`. */
  readonly expr: string;
  /** The same as it stands in the file. */
  readonly source: string;
  /** Labels that each series must have: a legend, a table's columns, an annotation's text, or a variable names them. */
  readonly labels: readonly string[];
};

export type Target = {
  readonly refId: string;
  readonly expr: string;
  readonly legendFormat?: string;
  readonly format?: string;
  readonly instant?: boolean;
  readonly range?: boolean;
};

type Option = { readonly id: string; readonly options: Readonly<Record<string, unknown>> };

export type Panel = {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly panels?: readonly Panel[];
  readonly gridPos: Readonly<Record<'x' | 'y' | 'w' | 'h', number>>;
  readonly datasource?: { readonly uid: string };
  readonly fieldConfig?: {
    readonly defaults: { readonly unit?: string };
    readonly overrides: readonly {
      readonly matcher: { readonly id: string; readonly options: string };
      readonly properties: readonly { readonly id: string; readonly value: unknown }[];
    }[];
  };
  readonly transformations?: readonly Option[];
  readonly targets?: readonly Target[];
};

export type Variable = {
  readonly type: string;
  readonly name: string;
  readonly query: string | { readonly query: string };
  readonly definition?: string;
  readonly multi?: boolean;
  readonly includeAll?: boolean;
  readonly allValue?: string;
  readonly refresh?: number;
};

export type Annotation = {
  readonly name: string;
  readonly target: { readonly expr: string };
  readonly textFormat: string;
  readonly tagKeys: string;
  readonly useValueForTime: boolean;
};

export type Dashboard = {
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly editable: boolean;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
  readonly annotations: { readonly list: readonly Annotation[] };
};

/** The folder that Grafana provisions dashboards from. */
export const DASHBOARDS = join(ROOT, 'monitoring/grafana/provisioning/dashboards');

/** The dashboards as they are committed: the overview, and the page of a job. */
export const readDashboards = (): readonly Dashboard[] =>
  ['pipeline_overview.json', 'pipeline_job.json'].map((file) =>
    JSON.parse(readFileSync(join(DASHBOARDS, file), 'utf8')),
  );

/** All panels that show something, each with the title of its row. */
export function panelsOf(dashboard: Dashboard): readonly { row: string; panel: Panel }[] {
  let row = '';
  return dashboard.panels.flatMap((panel) => {
    if (panel.type !== 'row') return [{ row, panel }];
    row = panel.title;
    return [];
  });
}

/** Every expression of a dashboard, in the order of the file, with `values` filled in. */
export function expressionsOf(
  dashboard: Dashboard,
  values: Partial<Values> = {},
): readonly Expression[] {
  const fill = (source: string): { readonly source: string; readonly expr: string } => ({
    source,
    expr: filledIn(source, { ...ALL, ...values }),
  });
  const panels = panelsOf(dashboard).flatMap(({ row, panel }) =>
    (panel.targets ?? []).map((target): Expression => ({
      place: `${dashboard.title} > ${row} > ${panel.title} > ${target.refId}`,
      kind: 'panel',
      ask: target.instant === true ? 'instant' : 'range',
      ...fill(target.expr),
      labels: shownLabels(panel, target),
    })),
  );
  const variables = dashboard.templating.list.flatMap((variable): Expression[] => {
    if (variable.type !== 'query' || typeof variable.query === 'string') return [];
    const { selector, label } = labelValues(variable.query.query);
    return [
      {
        place: `${dashboard.title} > variable ${variable.name}`,
        kind: 'variable',
        ask: 'label values',
        ...fill(selector),
        labels: [label],
      },
    ];
  });
  const annotations = dashboard.annotations.list.map((annotation): Expression => ({
    place: `${dashboard.title} > annotation ${annotation.name}`,
    kind: 'annotation',
    ask: 'range',
    ...fill(annotation.target.expr),
    labels: [...new Set([...annotation.tagKeys.split(','), ...labelsIn(annotation.textFormat)])],
  }));
  return [...panels, ...variables, ...annotations];
}

/** The parts of `label_values(selector, label)`. @throws Error for any other query. */
export function labelValues(query: string): { readonly selector: string; readonly label: string } {
  const [, selector, label] = /^label_values\((.+), (\w+)\)$/.exec(query) ?? [];
  if (selector === undefined || label === undefined) throw new Error(`not label_values: ${query}`);
  return { selector, label };
}

/** @throws Error for a variable that has no value here. */
function filledIn(source: string, values: Values): string {
  return source.replaceAll(/\$(?:\{(\w+)\}|(\w+))/g, (text, braced?: string, bare?: string) => {
    const value = (values as Readonly<Record<string, string>>)[braced ?? bare ?? ''];
    if (value === undefined) throw new Error(`unknown variable ${text} in: ${source}`);
    return value;
  });
}

/** Labels that every alert has; which others depends on what it is about, and their cells may be empty. */
const OF_ALERTS = ['severity', 'alertname'];

/** Labels that a legend or the columns of a table name. */
function shownLabels(panel: Panel, target: Target): readonly string[] {
  if (target.expr.includes('ALERTS')) return target.format === 'table' ? OF_ALERTS : [];
  if (target.format !== 'table') return labelsIn(target.legendFormat ?? '');
  return (panel.transformations ?? []).flatMap(({ id, options }) => {
    if (id !== 'organize') return [];
    const names = Object.keys(options['renameByName'] as Readonly<Record<string, string>>);
    return names.filter((name) => !name.startsWith('Value'));
  });
}

function labelsIn(format: string): readonly string[] {
  return [...format.matchAll(/\{\{(\w+)\}\}/g)].flatMap(([, label]) => label ?? []);
}
