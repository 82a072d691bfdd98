/** Runs cases by the real promtool, over the shipped rules or a changed one. */

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { stringify } from 'yaml';

import { prometheusTools } from '../servers.ts';
import { testFiles } from './case.ts';
import { RUNS } from './cases/runs.ts';
import { SPECIFICATION } from './cases/specification.ts';
import { STEPS } from './cases/steps.ts';
import { TELEMETRY } from './cases/telemetry.ts';
import { WORKERS } from './cases/workers.ts';
import { nameOf, readGroups, ruleFile } from './rule-files.ts';

import type { Case } from './case.ts';
import type { Group, Rule } from './rule-files.ts';

export const CASES: readonly Case[] = [
  ...SPECIFICATION,
  ...STEPS,
  ...RUNS,
  ...WORKERS,
  ...TELEMETRY,
];

const GROUPS = readGroups();

/** What promtool finds wrong; undefined where every case holds. @throws Error where it cannot read them */
export async function failureOf(
  cases: readonly Case[],
  groups: readonly Group[] = GROUPS,
): Promise<string | undefined> {
  return inPromtool(ruleFile(groups), testFiles(cases, 'rules.yml'));
}

/** The same for promtool test files of one's own, whose rule file is `rules.yml`. */
export async function inPromtool(
  rules: string,
  tests: readonly object[],
): Promise<string | undefined> {
  const { promtool } = await prometheusTools();
  const folder = await mkdtemp(join(tmpdir(), 'builder-rules-'));
  try {
    await writeFile(join(folder, 'rules.yml'), rules);
    const paths = tests.map((_, index) => join(folder, `test-${index}.yml`));
    for (const [index, path] of paths.entries()) await writeFile(path, stringify(tests[index]));
    const [code, said] = await new Promise<[unknown, string]>((resolve) => {
      execFile(promtool, ['test', 'rules', ...paths], (error, stdout, stderr) =>
        resolve([error?.code, stdout + stderr]),
      );
    });
    if (code === undefined && said.includes('SUCCESS')) return undefined;
    if (code !== 1 || /could not parse|group .* error/.test(said)) throw new Error(said);
    return said;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The shipped groups with one rule changed. */
export function withRule(changed: Rule): readonly Group[] {
  return GROUPS.map((group) => ({
    ...group,
    rules: group.rules.map((rule) => (nameOf(rule) === nameOf(changed) ? changed : rule)),
  }));
}
