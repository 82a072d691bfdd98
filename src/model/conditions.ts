/** Resolves what stands under `when` to the plan's condition. Pure. */

import { child, entriesOf, mapScalars, plainOf } from './located.ts';
import { replaceReferences } from './replace.ts';

import type { Problem } from './errors.ts';
import type { Located } from './located.ts';
import type { Condition } from './plan.ts';
import type { StepUse } from './replace.ts';
import type { Root, Scope } from './scope.ts';

const ALLOWED: ReadonlySet<Root> = new Set(['params', 'job', 'run', 'steps'] as const);

/** The condition; undefined where there is none or it is wrong. */
export function resolveCondition(
  located: Located | undefined,
  how: { readonly scope: Scope; readonly problems: Problem[]; readonly uses: StepUse[] },
): Condition | undefined {
  if (located === undefined) return undefined;
  const before = how.uses.length;
  const replaced = mapScalars(located, (scalar) =>
    replaceReferences(scalar, {
      ...how,
      allowed: ALLOWED,
      why: 'a condition compares params, job.name, run.date and values of steps',
    }),
  );
  const file = how.uses.slice(before).find((use) => use.part === 'outputs');
  if (file !== undefined) {
    const message = `a condition compares values, and steps.${file.step}.outputs.${file.name} is a file; use steps.${file.step}.values`;
    how.problems.push({ code: 'BAD_REFERENCE', ...file.at, message });
    return undefined;
  }
  if (replaced.kind === 'hole') return undefined;
  if (replaced.kind !== 'map') return { value: plainOf(replaced) as Condition['value'] };
  if (child(replaced, 'value') === undefined) return undefined;
  return Object.fromEntries(
    entriesOf(replaced).map(([key, { value }]) => [key, plainOf(value)]),
  ) as unknown as Condition;
}
