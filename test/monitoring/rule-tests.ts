/** The promtool test files as data, and the part of one that concerns a rule: less to evaluate for each mutant. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parse } from 'yaml';

import { nodesOf, metricsOf } from './promql.ts';
import { nameOf, RULE_TESTS_FOLDER, yamlFilesIn } from './rule-files.ts';

import type { Group, Rule } from './rule-files.ts';

type Expectation = {
  readonly expr: string;
  readonly eval_time: string;
  readonly exp_samples?: readonly unknown[];
};
type AlertExpectation = { readonly alertname: string };
type RuleTest = {
  readonly promql_expr_test?: readonly Expectation[];
  readonly alert_rule_test?: readonly AlertExpectation[];
};
export type RuleTestFile = {
  readonly name: string;
  readonly content: { readonly rule_files: readonly string[]; readonly tests: readonly RuleTest[] };
};

/** Every shipped test file. */
export function readRuleTests(): readonly RuleTestFile[] {
  return yamlFilesIn(RULE_TESTS_FOLDER).map((name) => ({
    name,
    content: parse(readFileSync(join(RULE_TESTS_FOLDER, name), 'utf8')),
  }));
}

/** How many series an alert is expected to have in each test that asks, in the order of time. */
export function firingOverTime(
  alert: string,
  files: readonly RuleTestFile[],
): readonly (readonly number[])[] {
  return files
    .flatMap((file) => file.content.tests)
    .map((test) =>
      (test.promql_expr_test ?? [])
        .filter(({ expr }) => expr.includes(`ALERTS{alertname="${alert}"`))
        .toSorted((a, b) => secondsIn(a.eval_time) - secondsIn(b.eval_time))
        .map(({ exp_samples: samples }) => samples?.length ?? 0),
    )
    .filter((counts) => counts.length > 0);
}

const SECONDS = { s: 1, m: 60, h: 3600 } as const;

/** Seconds in a time of promtool, such as "1h45m". */
function secondsIn(time: string): number {
  return [...time.matchAll(/(\d+)([smh])/g)]
    .map(([, count, unit]) => Number(count) * SECONDS[unit as keyof typeof SECONDS])
    .reduce((a, b) => a + b, 0);
}

/** Answers for each rule the names of the rules it is made from, itself included. */
function closures(groups: readonly Group[]): ReadonlyMap<string, ReadonlySet<string>> {
  const rules = groups.flatMap((group) => group.rules);
  const names = new Set(rules.map(nameOf));
  const direct = new Map(
    rules.map((rule) => [
      nameOf(rule),
      [...metricsOf(rule.expr, names)].filter((metric) => names.has(metric)),
    ]),
  );
  return new Map(
    [...names].map((name) => {
      const reached = new Set([name]);
      for (const next of reached) for (const metric of direct.get(next) ?? []) reached.add(metric);
      return [name, reached];
    }),
  );
}

/** A test file with the groups it loads and what their rules are made from. */
export type LoadedTestFile = {
  readonly file: RuleTestFile;
  readonly groups: readonly Group[];
  readonly closureOf: ReadonlyMap<string, ReadonlySet<string>>;
};

/** Loads `rule_files` of a test file: `../rules/*.yml` or names without a pattern. */
export function load(file: RuleTestFile, groups: readonly Group[]): LoadedTestFile {
  const named = file.content.rule_files.map((path) => path.replace('../rules/', ''));
  const loaded = groups.filter((group) => named.includes('*.yml') || named.includes(group.file));
  return { file, groups: loaded, closureOf: closures(loaded) };
}

/** The part of a test file whose expectations depend on a rule, with the rules they need; undefined where none does. */
export function partFor(
  rule: string,
  { file, groups, closureOf }: LoadedTestFile,
):
  | { readonly file: RuleTestFile; readonly groups: readonly Group[]; readonly size: number }
  | undefined {
  const needed = new Set<string>();
  const concerns = (tested: readonly string[]): boolean => {
    const all = tested.flatMap((name) => [...(closureOf.get(name) ?? [])]);
    if (!all.includes(rule)) return false;
    for (const name of all) needed.add(name);
    return true;
  };
  const rules = groups.flatMap((group) => group.rules);
  const tests = file.content.tests
    .map((test) => ({
      ...test,
      promql_expr_test: (test.promql_expr_test ?? []).filter(({ expr }) =>
        concerns(testedBy(expr, rules)),
      ),
      alert_rule_test: (test.alert_rule_test ?? []).filter(({ alertname }) =>
        concerns([alertname]),
      ),
    }))
    .filter((test) => test.promql_expr_test.length + test.alert_rule_test.length > 0);
  if (tests.length === 0) return undefined;
  const kept = groups
    .map((group) => ({ ...group, rules: group.rules.filter((one) => needed.has(nameOf(one))) }))
    .filter((group) => group.rules.length > 0);
  return {
    file: { ...file, content: { ...file.content, tests } },
    groups: kept,
    size: needed.size,
  };
}

/** Names of the rules an expectation looks at: recorded metrics, and alerts through `ALERTS`. */
function testedBy(expr: string, rules: readonly Rule[]): readonly string[] {
  const names = rules.map(nameOf);
  const metrics = [...metricsOf(expr, names)].filter((metric) => names.includes(metric));
  const alerts = nodesOf(expr)
    .filter(({ name }) => name === 'UnquotedLabelMatcher')
    .map(({ from, to }) => /^alertname\s*=~?\s*"(.*)"$/.exec(expr.slice(from, to))?.[1])
    .filter((pattern) => pattern !== undefined)
    .flatMap((pattern) => names.filter((name) => new RegExp(`^(?:${pattern})$`).test(name)));
  return [...metrics, ...alerts];
}
