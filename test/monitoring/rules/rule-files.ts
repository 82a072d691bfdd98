/** The shipped rules as data, and back into a file for promtool. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { parse, stringify } from 'yaml';

export const RULES_FILE = fileURLToPath(
  new URL('../../../monitoring/prometheus/rules/pipeline.yml', import.meta.url),
);

/** A rule as written; exactly one of `alert` and `record` is its name. */
export type Rule = {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly for?: string;
  readonly keep_firing_for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
};

export type Group = {
  readonly name: string;
  readonly interval?: string;
  readonly rules: readonly Rule[];
};

export type Alert = Rule & { readonly alert: string };

export function nameOf(rule: Rule): string {
  return rule.alert ?? rule.record ?? '';
}

export function isAlert(rule: Rule): rule is Alert {
  return rule.alert !== undefined;
}

export function readGroups(): readonly Group[] {
  const text = readFileSync(RULES_FILE, 'utf8');
  // Annotations that several alerts share are written once, by YAML's merge key.
  return (parse(text, { merge: true }) as { groups: readonly Group[] }).groups;
}

export function readRules(): readonly Rule[] {
  return readGroups().flatMap(({ rules }) => rules);
}

/** A rule file of these groups. */
export function ruleFile(groups: readonly Group[]): string {
  return stringify({ groups }, { aliasDuplicateObjects: false });
}
