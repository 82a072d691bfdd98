/** Profiles with more steps than one run can hold: what to write instead. Pure. */

import { entriesOf, textOf, child } from './located.ts';

import type { Problem } from '../model/errors.ts';
import type { Entry, Located } from './located.ts';

/**
 * Most steps of one plan. The engine could do with more: a run of 5,000 costs a step no more than one of 300. But each step
 * has its series in metrics, its line in every list, and its events in a history that Temporal ends at 51,200.
 */
export const MAX_STEPS = 600;

/** What there is to do about it, whoever made the plan. */
export const ONE_STEP_FOR_MANY =
  'Steps that differ in a value are one step with foreach: give it `foreach: { in: [north, south], item: region }`, and write ${{ item }} where they differ. Its items are run, retried and reused one by one. Or split the profile into two jobs.';

/** The problem, with the steps that are most alike; undefined where there are not too many. */
export function tooManySteps(steps: Located | undefined): Problem | undefined {
  const entries = entriesOf(steps);
  const first = entries[MAX_STEPS];
  if (first === undefined) return undefined;
  const message = `the profile has ${entries.length} steps; at most ${MAX_STEPS} are supported${alikeIn(entries)}`;
  return { code: 'TOO_MANY_STEPS', ...first[1].key, message, hint: ONE_STEP_FOR_MANY };
}

/** The kind that most of them use, if it is more than half. */
function alikeIn(entries: readonly (readonly [string, Entry])[]): string {
  const ids = new Map<string, string[]>();
  for (const [id, { value }] of entries) {
    const kind = textOf(child(value, 'uses'));
    if (kind === undefined) continue;
    const same = ids.get(kind) ?? [];
    same.push(id);
    ids.set(kind, same);
  }
  const [most] = [...ids].toSorted(([, a], [, b]) => b.length - a.length);
  if (most === undefined || most[1].length * 2 < entries.length) return '';
  const [kind, those] = most;
  return `; ${those.length} of them use ${kind}, such as '${those[0]}' and '${those[1]}'`;
}
