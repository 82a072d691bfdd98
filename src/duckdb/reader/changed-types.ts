/** Says which inferred columns have another type than in the result before. Pure. */

import { StepError } from '../../model/step-error.ts';
import { keyOf } from './names.ts';

import type { Column } from '../../model/column.ts';

/** What a step does about it. */
export type TypesChanged = 'warn' | 'fail' | 'allow';

/** The warning to give, if any. Declared columns are left out: a type that was asked for is no surprise. @throws StepError BAD_INPUT_DATA for `fail` */
export function judgeTypes(
  before: readonly Column[] | undefined,
  now: readonly Column[],
  { declared, how = 'warn' }: { readonly declared: readonly string[]; readonly how?: TypesChanged },
): string | undefined {
  if (before === undefined || how === 'allow') return undefined;
  const asked = new Set(declared.map(keyOf));
  const changed = now.flatMap(({ name, type }) => {
    const old = before.find((column) => keyOf(column.name) === keyOf(name))?.type;
    return old === undefined || old === type || asked.has(keyOf(name))
      ? []
      : [`column '${name}' is ${type}, it was ${old}`];
  });
  if (changed.length === 0) return undefined;
  const said = `${changed.join('; ')}. A value in it is written in another way than before, or is new in kind; give its type under \`columns\` to have the line named, or \`types_changed: allow\``;
  if (how === 'fail') throw new StepError('BAD_INPUT_DATA', said);
  return said;
}
