/** Checks the options of steps against the columns of the tables they read, as far as the definition tells them. Pure. */

import { child, nearest } from './located.ts';
import { MAIN_OUTPUT } from '../model/plan.ts';

import type { CheckedStep, CheckedSteps } from './check-steps.ts';
import type { Problem } from '../model/errors.ts';
import type { KnownParts, KnownTable, KnownTables } from '../model/known-table.ts';

/** What queries give is known only to an engine. */
const NOTHING: KnownParts = Object.freeze({ query: () => undefined, table: () => undefined });

/** What kinds say of their options on tables that are known. */
export function checkKnownTables({ steps }: CheckedSteps): readonly Problem[] {
  const tables: Record<string, KnownTable> = {};
  for (const { id, spec, options } of steps) {
    if (options === undefined) continue;
    for (const [output, table] of Object.entries(
      spec?.columns?.(options as never, NOTHING) ?? {},
    )) {
      if (table !== undefined) tables[output === MAIN_OUTPUT ? id : `${id}.${output}`] = table;
    }
  }
  return steps.flatMap((step) => optionProblems(step, tables));
}

/** What the kind of a step says of its options on these tables. */
export function optionProblems(
  { id, at, located, spec, options }: CheckedStep,
  tables: KnownTables,
): readonly Problem[] {
  if (options === undefined) return [];
  const written = child(located, 'with');
  return (spec?.checkOptions?.(options as never, tables) ?? []).map(({ path, message }) => ({
    code: 'BAD_OPTION' as const,
    ...(written === undefined ? at : nearest(written, path).at),
    message: `step '${id}' (${spec?.kind}): ${dotted(path)}: ${message}`,
  }));
}

function dotted(path: readonly (string | number)[]): string {
  return path.join('.');
}
