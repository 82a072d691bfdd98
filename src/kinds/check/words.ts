/** The messages of broken rules. Pure. */

import type { Rule } from './rule.ts';
import type { Verdict } from './judge.ts';

const WARNING_LENGTH = 500;

/** The error of a step whose rules are broken: what was expected, what was found, the first rows and where they are kept. */
export function messageOf(
  { table, checks }: { readonly table: string; readonly checks: readonly Rule[] },
  broken: readonly Verdict[],
  kept: string | undefined,
): string {
  const failed = broken.filter(({ rule }) => rule.severity === 'fail');
  const warned = broken.filter(({ rule }) => rule.severity === 'warn');
  const many = failed.length === 1 ? '1 check' : `${failed.length} checks`;
  return [
    `${many} of ${checks.length} failed on ${table}`,
    ...failed.flatMap(linesOf),
    ...(warned.length === 0 ? [] : ['and of severity warn:', ...warned.flatMap(linesOf)]),
    ...(kept === undefined ? [] : [`offending rows: ${kept}`]),
  ].join('\n');
}

function linesOf({ name, words, examples }: Verdict): readonly string[] {
  return [`${name}: ${words}`, ...examples.map((row) => `  ${row}`)];
}

/** The warning of a step whose broken rules are all of severity warn, and of what in its SQL may choose otherwise. */
export function warningOf(
  broken: readonly Verdict[],
  open: readonly string[],
): { readonly warning?: string } {
  const words = [
    ...broken.map(({ name, words: each }) => `${name}: ${each}`),
    ...(open.length === 0
      ? []
      : [
          `what is found may differ from run to run: ${open.join('; ')}; order by a key that is unique`,
        ]),
  ];
  return words.length === 0 ? {} : { warning: words.join('; ').slice(0, WARNING_LENGTH) };
}

/** Names of the broken rules, as a step reports them. */
export function namesOf(broken: readonly Verdict[]): { readonly failedChecks: readonly string[] } {
  return { failedChecks: [...new Set(broken.map(({ name }) => name))] };
}
