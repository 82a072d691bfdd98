/**
 * Binds the queries of a definition in the order of its steps, so that each sees the tables that those
 * before it will make, and says what is wrong where it was written. Runs nothing. Pure: the engine is handed in.
 */

import { nameIn } from '../model/nested.ts';
import { MAIN_OUTPUT } from '../model/plan.ts';
import { didYouMean } from '../model/suggest.ts';
import { typeProblems } from './bind-types.ts';
import { optionProblems } from './check-known-tables.ts';
import { withOddLetter } from './odd-letters.ts';
import { conditionTrouble, frameOf, withoutFrame } from './bind-condition.ts';
import { child } from './located.ts';
import { draftOf } from './query.ts';

import type { Column } from '../model/column.ts';
import type { Problem } from '../model/errors.ts';
import type { KnownTable } from '../model/known-table.ts';
import type { Binder, BindProblem, Visible, VisibleTable } from '../model/binder.ts';
import type { CheckedStep, CheckedNested } from './checked-step.ts';
import type { Query } from './query.ts';

/** Shapes of the tables of each step, by output; undefined: nobody knows which outputs it has. */
type Shapes = Map<string, ReadonlyMap<string, KnownTable | undefined> | undefined>;

/** True if there is anything that only an engine can judge. */
export function needsBinding(steps: readonly CheckedStep[]): boolean {
  return steps.some(
    ({ queries, spec, nested }) =>
      queries.length > 0 ||
      (spec?.roles?.types?.length ?? 0) > 0 ||
      (nested !== undefined && needsBinding(nested.steps.steps)),
  );
}

/** Columns of a step's outputs, by its name in the run, as they are stored for what it would read now; undefined where nobody knows. */
export type StoredColumns = (
  step: string,
) => Promise<Readonly<Record<string, readonly Column[]>> | undefined>;

/** Every problem in the queries, types and columns of the steps. */
export async function bindProblems(
  steps: readonly CheckedStep[],
  binder: Binder,
  stored: StoredColumns = async () => undefined,
): Promise<readonly Problem[]> {
  const { problems } = await bindSteps(steps, new Map(), { binder, stored });
  return problems.map(withOddLetter);
}

type Binding = { readonly binder: Binder; readonly stored: StoredColumns };

/** `taken` are the tables that a profile is given as a step, under its own names. */
async function bindSteps(
  steps: readonly CheckedStep[],
  taken: ReadonlyMap<string, KnownTable | undefined>,
  { binder, stored }: Binding,
): Promise<{ readonly shapes: Shapes; readonly problems: readonly Problem[] }> {
  const shapes: Shapes = new Map(
    [...taken].map(([name, table]) => [name, new Map([[MAIN_OUTPUT, table]])] as const),
  );
  const tables: Record<string, KnownTable> = {};
  for (const [name, table] of taken) if (table !== undefined) tables[name] = table;
  const problems: Problem[] = [];
  for (const step of inOrder(steps)) {
    const results = new Map<string, KnownTable | undefined>();
    const visible = visibleTo(step, shapes);
    for (const query of step.queries) {
      const found = await bindQuery(step, query, visible, { steps, binder });
      if ('code' in found) problems.push(found);
      else results.set(query.path, found.shape);
    }
    const shapeOf = (name: string): KnownTable | undefined => {
      const [id = '', output = MAIN_OUTPUT] = name.split('.');
      return shapes.get(id)?.get(output);
    };
    problems.push(...(await typeProblems(step, binder)), ...optionProblems(step, tables));
    let made: ReadonlyMap<string, KnownTable | undefined> | undefined;
    if (step.nested === undefined) {
      const told = tablesOf(step, results, shapeOf);
      problems.push(...clashProblems(step, told));
      const isRead = steps.some(({ needs }) => needs.has(step.id));
      made = isRead && !isWhole(told) ? completed(told, await stored(step.id)) : told;
    } else {
      const inner = await bindNested(step.id, step.nested, shapes, { binder, stored });
      problems.push(...inner.problems);
      // With the columns of the items before them, of which nobody knows here.
      made =
        step.foreach === undefined
          ? inner.made
          : new Map([...inner.made.keys()].map((name) => [name, undefined]));
    }
    shapes.set(step.id, made);
    for (const [output, table] of made ?? []) {
      if (table !== undefined)
        tables[output === MAIN_OUTPUT ? step.id : `${step.id}.${output}`] = table;
    }
  }
  return { shapes, problems };
}

/** Binds the steps of a profile that is a step, and tells the tables that it gives. */
async function bindNested(
  id: string,
  { steps, takes, gives }: CheckedNested,
  around: Shapes,
  { binder, stored }: Binding,
): Promise<{
  readonly made: ReadonlyMap<string, KnownTable | undefined>;
  readonly problems: readonly Problem[];
}> {
  const taken = new Map(
    [...takes].map(([name, of]) => [name, around.get(of.step)?.get(of.output)] as const),
  );
  const { shapes, problems } = await bindSteps(steps.steps, taken, {
    binder,
    stored: (name) => stored(nameIn(id, name)),
  });
  const made = Object.entries(gives.outputs).map(
    ([name, { step, output }]) => [name, shapes.get(step)?.get(output)] as const,
  );
  return { made: new Map(made), problems };
}

async function bindQuery(
  step: CheckedStep,
  query: Query,
  visible: Visible,
  { steps, binder }: { readonly steps: readonly CheckedStep[]; readonly binder: Binder },
): Promise<Problem | { readonly shape: KnownTable | undefined }> {
  const draft = draftOf(query);
  const frame = frameOf(step, query);
  // A condition whose table is not known to be one: that is told where it is named.
  if (frame === undefined) return { shape: undefined };
  const text = `${frame.before}${draft.text}${frame.after}`;
  const bound = await binder.bind({ text, binds: draft.binds, ...visible });
  if (bound.problem === undefined) {
    const wrong =
      frame.of === undefined ? undefined : await conditionTrouble(draft, frame.of, visible, binder);
    if (wrong !== undefined) {
      const name = query.path.split('.').at(-1);
      const message = `step '${step.id}': ${name} must be ${wrong}, such as amount >= 0`;
      return { code: 'BAD_OPTION', ...draft.placeOf(/\S/.exec(draft.text)?.index ?? 0), message };
    }
    return { shape: draft.isOpen ? withoutTypes(bound.shape) : bound.shape };
  }
  const { code, byte } = bound.problem;
  const message = withoutFrame(bound.problem.message, frame);
  const hint = hintOf(bound.problem, step, visible, steps) ?? writingHint(message, query);
  // Where the engine names no letter, the first one that is no blank stands for the whole.
  const own = byte === undefined ? undefined : Math.max(0, byte - frame.before.length);
  const place = draft.placeOf(own ?? /\S/.exec(draft.text)?.index ?? 0);
  return {
    code,
    ...place,
    message: `step '${step.id}': ${message}`,
    ...(hint === undefined ? {} : { hint }),
  };
}

/** References that are written as elsewhere; functions that take an INTEGER and no BIGINT, of a parameter whose type nobody wrote there. */
function writingHint(message: string, { parts }: Query): string | undefined {
  const text = parts.filter((part) => typeof part === 'string').join(' ');
  const foreign = /\$\{\s*(\w[\w.]*)\s*\}|\{\{\s*(\w[\w.]*)\s*\}\}/.exec(text);
  if (foreign !== null && /^syntax error at or near "(\{|\$)/.test(message)) {
    return `A reference is written \${{ ${foreign[1] ?? foreign[2]} }}.`;
  }
  const hasWhole = parts.some(
    (part) => typeof part === 'object' && 'type' in part && part.type === 'BIGINT',
  );
  if (!hasWhole || !/^No function matches.*BIGINT/.test(message)) return undefined;
  return 'A parameter of type integer is a BIGINT; write cast(${{ params.x }} as integer).';
}

/** A table that is not there may be a step that is not needed, or a need misspelt. */
function hintOf(
  { unknownTable, hint }: BindProblem,
  step: CheckedStep,
  { tables }: Visible,
  steps: readonly CheckedStep[],
): string | undefined {
  if (unknownTable === undefined) return hint;
  const [id = ''] = unknownTable.toLowerCase().split('.');
  if (id !== step.id && !step.needs.has(id) && steps.some((other) => other.id === id)) {
    return `Add '${id}' to the needs of the step.`;
  }
  return didYouMean(
    unknownTable,
    tables.map(({ name }) => name),
  );
}

/** The tables of the steps it needs. */
function visibleTo(step: CheckedStep, shapes: Shapes): Visible {
  const tables: VisibleTable[] = [];
  let isComplete = true;
  for (const need of step.needs.keys()) {
    const outputs = shapes.get(need);
    if (outputs === undefined) isComplete = false;
    for (const [output, shape] of outputs ?? []) {
      tables.push({ name: output === MAIN_OUTPUT ? need : `${need}.${output}`, shape });
    }
  }
  return { tables, isComplete };
}

function tablesOf(
  step: CheckedStep,
  results: ReadonlyMap<string, KnownTable | undefined>,
  table: (name: string) => KnownTable | undefined,
): ReadonlyMap<string, KnownTable | undefined> | undefined {
  if (step.options === undefined) return undefined;
  const names = step.spec?.outputs?.(step.options as never);
  if (names === undefined) return undefined;
  const known = { query: (path: string) => results.get(path), table };
  const told = step.spec?.columns?.(step.options as never, known) ?? {};
  return new Map(names.map((name) => [name, told[name]]));
}

/** A column of an item that the item's own table has, too: they cannot be put together. */
function clashProblems(
  { id, foreach, located }: CheckedStep,
  tables: ReadonlyMap<string, KnownTable | undefined> | undefined,
): readonly Problem[] {
  if (foreach === undefined) return [];
  return [...(tables ?? [])].flatMap(([output, table]): readonly Problem[] => {
    const names = (table?.columns ?? []).map(({ name }) => name.toLowerCase());
    const twice = names.find((name, i) => names.indexOf(name) < i);
    if (twice === undefined) return [];
    const at = child(located, 'foreach')?.at ?? located.at;
    const message = `step '${id}': the output '${output}' has a column '${twice}', which is the name of the item's`;
    const hint = 'Leave it out, or give the items another name: foreach: { item: ... }.';
    return [{ code: 'BAD_ITEMS', ...at, message, hint }];
  });
}

/** True if nothing is left to be known of the tables. */
function isWhole(tables: ReadonlyMap<string, KnownTable | undefined> | undefined): boolean {
  return (
    tables !== undefined &&
    [...tables.values()].every(
      (table) => table?.isAll === true && table.columns.every(({ type }) => type !== undefined),
    )
  );
}

/** What is stored knows every column; the Parquet twin of a text is nobody's table. */
function completed(
  told: ReadonlyMap<string, KnownTable | undefined> | undefined,
  stored: Awaited<ReturnType<StoredColumns>>,
): ReadonlyMap<string, KnownTable | undefined> | undefined {
  if (stored === undefined) return told;
  const known = Object.entries(stored)
    .filter(([output]) => !output.includes('.'))
    .map(([output, columns]) => [output, { columns, isAll: true }] as const);
  return new Map<string, KnownTable | undefined>([...(told ?? []), ...known]);
}

function withoutTypes(shape: KnownTable | undefined): KnownTable | undefined {
  if (shape === undefined) return undefined;
  return { ...shape, columns: shape.columns.map(({ name }) => ({ name, type: undefined })) };
}

/** Each step after those it needs; what is left of a circle is reported already. */
function inOrder(steps: readonly CheckedStep[]): readonly CheckedStep[] {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const done = new Set<string>();
  const ordered: CheckedStep[] = [];
  let open = steps;
  for (;;) {
    const ready = open.filter(({ needs }) =>
      [...needs.keys()].every((need) => done.has(need) || !byId.has(need)),
    );
    if (ready.length === 0) return ordered;
    ordered.push(...ready);
    for (const { id } of ready) done.add(id);
    open = open.filter(({ id }) => !done.has(id));
  }
}
