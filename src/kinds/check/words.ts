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

/** The warning of a step whose broken rules are all of severity warn. */
export function warningOf(broken: readonly Verdict[], kept: string | undefined): string {
  const end = kept === undefined ? '' : `; offending rows: ${kept}`;
  const words = broken.map(({ name, words: each }) => `${name}: ${each}`).join('; ');
  return words.slice(0, WARNING_LENGTH - Math.min(end.length, 300)) + end;
}

/** Names of the broken rules, as a step reports them. */
export function namesOf(broken: readonly Verdict[]): { readonly failedChecks: readonly string[] } {
  return { failedChecks: [...new Set(broken.map(({ name }) => name))] };
}
