/**
 * Rules that depend on more than what a step reads: on the previous delivery and on the clock. They are judged each time,
 * from the values that the result keeps.
 */

import { namesOfRules, newestNames } from './rule.ts';
import { ageTrouble, dropTrouble } from './whole-table.ts';

import type { Scalar } from '../../model/plan.ts';
import type { Verdict } from './judge.ts';
import type { Rule } from './rule.ts';

/** The rules that do not hold now. `nowMs` is the time. @throws StepError BAD_OPTION */
export function conditionVerdicts(
  { table, checks }: { readonly table: string; readonly checks: readonly Rule[] },
  values: Readonly<Record<string, Scalar>>,
  { previousRows }: { readonly previousRows: Readonly<Record<string, number>> },
  nowMs: number,
): readonly Verdict[] {
  const newestIn = newestNames(checks);
  const names = namesOfRules(checks);
  return checks.flatMap((rule) => {
    const newest = values[newestIn.get(rule) ?? ''];
    const words =
      rule.freshness !== undefined && typeof newest === 'string'
        ? ageTrouble(rule.freshness, newest, nowMs)
        : dropTrouble(rule, Number(values['rows'] ?? 0), previousRows[table]);
    return words === undefined
      ? []
      : [{ rule, name: names.get(rule) ?? '', holds: false, words, examples: [] }];
  });
}
