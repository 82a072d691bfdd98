/** Options that are SQL types or columns of a known table, held against what is known. Pure. */

import { child, nearest } from './located.ts';
import { fits, sameStars } from './option-roles.ts';
import { didYouMean } from '../model/suggest.ts';

import type { Problem } from '../model/errors.ts';
import type { TableShape } from '../model/table-shape.ts';
import type { Binder } from '../model/binder.ts';
import type { CheckedStep } from './check-steps.ts';
import type { Located, Path, Place } from './located.ts';

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
    if (!patterns.some((pattern) => fits(pattern, path))) continue;
    if (located.value.includes('${{') || (await binder.isType(located.value))) continue;
    const hint = didYouMean(located.value.toUpperCase(), COMMON_TYPES);
    const message = `step '${step.id}': ${path.join('.')}: '${located.value}' is no SQL type; expected one such as BIGINT, DECIMAL(18,2) or VARCHAR`;
    problems.push({ code: 'BAD_OPTION', ...located.at, message, ...(hint && { hint }) });
  }
  return problems;
}

/** Columns that a table whose columns are all known does not have. */
export function columnProblems(
  step: CheckedStep,
  shapeOf: (table: string) => TableShape | undefined,
): readonly Problem[] {
  const roles = step.spec?.roles?.columns ?? [];
  const root = optionsOf(step);
  if (roles.length === 0 || root === undefined) return [];
  return leavesOf(root).flatMap(({ path, located, key }) =>
    roles.flatMap(({ at, of, keys }): readonly Problem[] => {
      const isKey = keys === true && fits(at, path.slice(0, -1)) && key !== undefined;
      const name = isKey ? String(path.at(-1)) : textIn(located);
      if ((!isKey && (keys === true || !fits(at, path))) || name === undefined) return [];
      const table = tableAt(root, sameStars(at, of, path));
      const shape = table === undefined ? undefined : shapeOf(table);
      if (shape === undefined || shape.isOpen) return [];
      const known = shape.columns.map((column) => column.name);
      if (known.some((each) => each.toLowerCase() === name.toLowerCase())) return [];
      const hint = didYouMean(name, known);
      const message = `step '${step.id}': there is no column '${name}' in ${table}; it has ${known.join(', ')}`;
      return [
        { code: 'BAD_OPTION', ...(isKey ? key : located.at), message, ...(hint && { hint }) },
      ];
    }),
  );
}

function optionsOf(step: CheckedStep): Located | undefined {
  return child(step.located, 'with');
}

/** The table that an option names; a reference to an output is another way to write it. */
function tableAt(root: Located, path: Path): string | undefined {
  const found = textIn(nearest(root, path));
  return found === undefined
    ? undefined
    : found
        .replace(/^\$\{\{\s*steps\.([^.]+)\.outputs\.([^.\s]+)\s*\}\}$/, '$1.$2')
        .replace(/\.table$/, '');
}

function textIn(located: Located): string | undefined {
  return located.kind === 'scalar' && typeof located.value === 'string' ? located.value : undefined;
}

type Leaf = { readonly path: Path; readonly located: Located; readonly key?: Place };

function leavesOf(located: Located | undefined, path: Path = [], key?: Place): readonly Leaf[] {
  if (located?.kind === 'list') {
    return located.items.flatMap((item, i) => leavesOf(item, [...path, i]));
  }
  if (located?.kind === 'map') {
    return [...located.entries].flatMap(([name, entry]) =>
      leavesOf(entry.value, [...path, name], entry.key),
    );
  }
  return located === undefined ? [] : [{ path, located, ...(key === undefined ? {} : { key }) }];
}
