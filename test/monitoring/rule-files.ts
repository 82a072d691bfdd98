/** The shipped rule files as data, and back into files for promtool. */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { parse, stringify } from 'yaml';

export const RULES_FOLDER = fileURLToPath(
  new URL('../../monitoring/prometheus/rules/', import.meta.url),
);
export const RULE_TESTS_FOLDER = fileURLToPath(
  new URL('../../monitoring/prometheus/tests/', import.meta.url),
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

/** Names of the files in a folder of YAML files. */
export function yamlFilesIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yml'))
    .toSorted();
}

/** Every group of every shipped rule file. */
export function readGroups(): readonly Group[] {
  return yamlFilesIn(RULES_FOLDER).flatMap(
    (name) =>
      (parse(readFileSync(join(RULES_FOLDER, name), 'utf8')) as { groups: readonly Group[] })
        .groups,
  );
}

/** Writes `<folder>/rules/all.yml` and `<folder>/tests/<name>`, in the layout of the shipped files. Answers the test's path. */
export function writeCase(
  folder: string,
  groups: readonly Group[],
  test: { readonly name: string; readonly content: unknown },
): string {
  const path = join(folder, 'tests', test.name);
  for (const part of ['rules', 'tests']) mkdirSync(join(folder, part), { recursive: true });
  writeFileSync(join(folder, 'rules', 'all.yml'), stringify({ groups }));
  writeFileSync(path, stringify(test.content));
  return path;
}
