/** Checks the options of steps against the columns of the tables they read, as far as the definition tells them. Pure. */

import { child, nearest } from './located.ts';
import { MAIN_OUTPUT } from '../model/plan.ts';

import type { CheckedStep, CheckedNested } from './checked-step.ts';
import type { Problem } from '../model/errors.ts';
import type { KnownParts, KnownTable, KnownTables } from '../model/known-table.ts';

/** What queries give is known only to an engine. */
const NOTHING: KnownParts = Object.freeze({ query: () => undefined, table: () => undefined });

/** What kinds say of their options on tables that are known. */
export function checkKnownTables(steps: readonly CheckedStep[]): readonly Problem[] {
  return look(steps, {}).problems;
}

/** The tables that are known, and what is said of options on them; `given` are those that a profile takes as a step. */
function look(
  steps: readonly CheckedStep[],
  given: KnownTables,
): { readonly tables: KnownTables; readonly problems: readonly Problem[] } {
  const tables: Record<string, KnownTable> = { ...given };
  const problems: Problem[] = [];
  const note = (id: string, output: string, table: KnownTable | undefined): void => {
    if (table !== undefined) tables[nameOf(id, output)] = table;
  };
  for (const { id, spec, options, nested, foreach } of steps) {
    if (nested !== undefined) {
      const inner = look(nested.steps.steps, takenTables(nested, tables));
      problems.push(...inner.problems);
      if (foreach !== undefined) continue;
      for (const [name, { step, output }] of Object.entries(nested.gives.outputs)) {
        note(id, name, inner.tables[nameOf(step, output)]);
      }
      continue;
    }
    if (options === undefined) continue;
    for (const [output, table] of Object.entries(
      spec?.columns?.(options as never, NOTHING) ?? {},
    )) {
      note(id, output, table);
    }
  }
  return { tables, problems: [...problems, ...steps.flatMap((s) => optionProblems(s, tables))] };
}

/** The tables that a profile is given as a step, under its own names. */
export function takenTables({ takes }: CheckedNested, tables: KnownTables): KnownTables {
  return Object.fromEntries(
    [...takes].flatMap(([name, { step, output }]) => {
      const table = tables[nameOf(step, output)];
      return table === undefined ? [] : [[name, table] as const];
    }),
  );
}

function nameOf(id: string, output: string): string {
  return output === MAIN_OUTPUT ? id : `${id}.${output}`;
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
