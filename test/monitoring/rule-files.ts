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
  /** The rule file it stands in. */
  readonly file: string;
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
  return yamlFilesIn(RULES_FOLDER).flatMap((file) => {
    const { groups } = parse(readFileSync(join(RULES_FOLDER, file), 'utf8')) as {
      groups: readonly Omit<Group, 'file'>[];
    };
    return groups.map((group) => ({ ...group, file }));
  });
}

/** Writes rule files and a test file in the layout of the shipped ones. Answers the test's path. */
export function writeCase(
  folder: string,
  groups: readonly Group[],
  test: { readonly name: string; readonly content: unknown },
): string {
  const path = join(folder, 'tests', test.name);
  for (const part of ['rules', 'tests']) mkdirSync(join(folder, part), { recursive: true });
  for (const file of new Set(groups.map((group) => group.file))) {
    const inFile = groups
      .filter((group) => group.file === file)
      .map(({ file: _, ...group }) => group);
    writeFileSync(join(folder, 'rules', file), stringify({ groups: inFile }));
  }
  writeFileSync(path, stringify(test.content));
  return path;
}
