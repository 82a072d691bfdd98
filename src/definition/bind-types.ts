/** Options that are SQL types, asked of an engine. Pure: the engine is handed in. */

import { child } from './located.ts';
import { fits } from './option-roles.ts';
import { didYouMean } from '../model/suggest.ts';

import type { Problem } from '../model/errors.ts';
import type { Binder } from '../model/binder.ts';
import type { CheckedStep } from './checked-step.ts';
import type { Located, Path } from './located.ts';

const COMMON_TYPES = Object.freeze(
  'BIGINT INTEGER DOUBLE VARCHAR TEXT BOOLEAN DATE TIMESTAMP TIMESTAMPTZ TIME INTERVAL DECIMAL(18,2) HUGEINT UUID JSON BLOB'.split(
    ' ',
  ),
);

/** Types that no engine knows. */
export async function typeProblems(step: CheckedStep, binder: Binder): Promise<readonly Problem[]> {
  const patterns = step.spec?.roles?.types ?? [];
  const problems: Problem[] = [];
  for (const { path, located } of patterns.length === 0 ? [] : leavesOf(optionsOf(step))) {
    if (located.kind !== 'scalar' || typeof located.value !== 'string') continue;
    // Of a list, where a mapping belongs or may stand, nothing is a type.
    if (typeof path.at(-1) === 'number') continue;
    if (!patterns.some((pattern) => fits(pattern, path))) continue;
    if (located.value.includes('${{') || (await binder.isType(located.value))) continue;
    const hint = didYouMean(located.value.toUpperCase(), COMMON_TYPES);
    const message = `step '${step.id}': ${path.join('.')}: '${located.value}' is no SQL type; expected one such as BIGINT, DECIMAL(18,2) or VARCHAR`;
    problems.push({ code: 'BAD_OPTION', ...located.at, message, ...(hint && { hint }) });
  }
  return problems;
}

function optionsOf(step: CheckedStep): Located | undefined {
  return child(step.located, 'with');
}

type Leaf = { readonly path: Path; readonly located: Located };

function leavesOf(located: Located | undefined, path: Path = []): readonly Leaf[] {
  if (located?.kind === 'list') {
    return located.items.flatMap((item, i) => leavesOf(item, [...path, i]));
  }
  if (located?.kind === 'map') {
    return [...located.entries].flatMap(([name, { value }]) => leavesOf(value, [...path, name]));
  }
  return located === undefined ? [] : [{ path, located }];
}
