/** Every expression that the project ships, of rules and of the dashboards, as a test can ask it of a Prometheus. */

import { expressionsOf, readDashboards } from '../dashboard.ts';
import { readRules } from '../rules/rule-files.ts';

import type { Rule } from '../rules/rule-files.ts';
import type { Expression } from '../dashboard.ts';

export type Asked = {
  /** For people: which rule, or where on a dashboard. */
  readonly place: string;
  readonly kind: 'alert' | 'record' | Expression['kind'];
  readonly ask: Expression['ask'];
  readonly expr: string;
  /** Labels that a legend, a column, a description or a variable names. */
  readonly labels: readonly string[];
};

/** As a viewer asks who looks at the last minutes: a scenario is over after one or two. */
const VIEW = Object.freeze({
  window: '10m',
  __range: '10m',
  __interval: '5s',
  __interval_ms: '5000',
  __rate_interval: '10s',
});

/** All of them, rules first. Nothing is listed by hand: what is new is there by itself. */
export async function everyExpression(): Promise<readonly Asked[]> {
  const rules = readRules().map((rule): Asked => ({
    place: rule.alert === undefined ? `record ${rule.record}` : `alert ${rule.alert}`,
    kind: rule.alert === undefined ? 'record' : 'alert',
    ask: 'range',
    expr: rule.expr,
    labels: namedLabels(rule),
  }));
  return [...rules, ...readDashboards().flatMap((dashboard) => expressionsOf(dashboard, VIEW))];
}

/** Labels that the annotations of an alert put into words or links. */
function namedLabels({ annotations = {} }: Rule): readonly string[] {
  const texts = Object.values(annotations).join('\n');
  const names = [...texts.matchAll(/\$labels\.(\w+)/g)].flatMap(([, name]) => name ?? []);
  return [...new Set(names)];
}
