/**
 * The shipped rules at the pace of tests: waiting is shortened, what is asked is untouched. `for` and `keep_firing_for`
 * become one second or what is said, so that a state is still gone through; a group's own `interval` is dropped, so that the
 * server's applies. Nothing else changes, expressions least of all.
 */

import { readGroups, ruleFile } from '../rules/rule-files.ts';

import type { Group } from '../rules/rule-files.ts';

const WAITS = ['for', 'keep_firing_for'] as const;
/** A rule file of the same rules, waiting so long and no longer. */
export function quickRules(groups: readonly Group[] = readGroups(), wait = '1s'): string {
  return ruleFile(
    groups.map(({ interval: _dropped, rules, ...group }) => ({
      ...group,
      rules: rules.map((rule) => {
        const waits = WAITS.filter((key) => rule[key] !== undefined);
        return { ...rule, ...Object.fromEntries(waits.map((key) => [key, wait])) };
      }),
    })),
  );
}
