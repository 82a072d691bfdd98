/**
 * The shipped rule files at the pace of tests: waiting is shortened, what is asked is untouched.
 * `for` and `keep_firing_for` become at most one second, so that a state is still gone through; a group's own
 * `interval` is dropped, so that the server's applies. Nothing else changes, expressions least of all.
 */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { parse, stringify } from 'yaml';

import { ROOT } from '../../harness/cli.ts';

import type { Rule } from '../rule-files.ts';

export const RULES_FOLDER = join(ROOT, 'monitoring/prometheus/rules');

type RuleFile = {
  readonly groups: readonly {
    readonly name: string;
    readonly interval?: string;
    readonly rules: readonly Rule[];
  }[];
};

const WAITS = ['for', 'keep_firing_for'] as const;
const SHORT = '1s';

/** The same rules, waiting at most a second. */
export function quickRules(text: string): string {
  const { groups, ...rest } = parse(text) as RuleFile;
  return stringify({
    ...rest,
    groups: groups.map(({ interval: _dropped, rules, ...group }) => ({
      ...group,
      rules: rules.map((rule) => {
        const quick: Record<string, unknown> = { ...rule };
        for (const wait of WAITS) if (rule[wait] !== undefined) quick[wait] = SHORT;
        return quick;
      }),
    })),
  });
}

/** Every shipped rule file, at the pace of tests. */
export async function shippedRules(): Promise<readonly { name: string; text: string }[]> {
  const names = (await readdir(RULES_FOLDER)).filter((name) => name.endsWith('.yml')).toSorted();
  return Promise.all(
    names.map(async (name) => ({
      name,
      text: quickRules(await readFile(join(RULES_FOLDER, name), 'utf8')),
    })),
  );
}

/** Every shipped rule as it is written. */
export async function rulesAsWritten(): Promise<readonly Rule[]> {
  const names = (await readdir(RULES_FOLDER)).filter((name) => name.endsWith('.yml')).toSorted();
  const texts = await Promise.all(names.map((name) => readFile(join(RULES_FOLDER, name), 'utf8')));
  return texts.flatMap((text) => (parse(text) as RuleFile).groups.flatMap(({ rules }) => rules));
}
