/** Checks the `foreach` of a step: what its items are, and what of them can be named. Pure. */

import { MOST_ITEM_BYTES, MOST_ITEMS } from '../model/items.ts';
import { MAIN_OUTPUT } from '../model/plan.ts';
import { canonicalJson } from '../model/canonical.ts';
import { child, itemsOf, mapScalars, plainOf, textOf } from './located.ts';
import { foreachSchema, percentOf } from './profile.ts';
import { hasReference, parseTemplate } from './reference.ts';
import { replaceReferences, resolveReference } from './replace.ts';
import { shapeOf } from './shape-problems.ts';

import type { Problem } from '../model/errors.ts';
import type { KnownParts, KnownTable } from '../model/known-table.ts';
import type { Foreach, Item } from '../model/plan.ts';
import type { KindSpec } from './kind-spec.ts';
import type { Located, Place } from './located.ts';
import type { TableUse } from './options.ts';
import type { ItemScope, Root, Scope } from './scope.ts';

export type CheckedForeach = {
  /** What references to the item can name. */
  readonly item: ItemScope;
  /** The table whose rows are the items. */
  readonly table?: TableUse;
  readonly list?: NonNullable<Foreach['in']>;
  readonly as: string;
  readonly allowFailed: Foreach['allowFailed'];
};

const IN_ITEMS: ReadonlySet<Root> = new Set(['params', 'job', 'run', 'partition'] as const);
const FOR_LIST: ReadonlySet<Root> = new Set(['params', 'steps'] as const);
const TABLE = /^([a-z][a-z0-9_]{0,62})(?:\.([A-Za-z_][A-Za-z0-9_-]*))?$/;
const WHAT_IT_TAKES =
  'foreach.in takes a list, the name of a table, ${{ params.x }} of type list, or ${{ steps.x.outputs.table }}';

/** What stands under `foreach`; undefined where there is nothing. */
export function checkForeach(
  id: string,
  located: Located | undefined,
  spec: KindSpec | undefined,
  how: { readonly scope: Scope; readonly problems: Problem[] },
): CheckedForeach | undefined {
  if (located?.kind !== 'map') return undefined;
  const { problems } = how;
  if (spec?.exports !== undefined) {
    const message = `step '${id}': ${spec.kind} cannot have a foreach; let the steps before it have one, and export what they gather`;
    problems.push({ code: 'BAD_VALUE', ...located.at, message });
  }
  const as = textOf(child(located, 'item')) ?? 'item';
  const allowed = child(located, 'allow_failed');
  const percent = percentOf(textOf(allowed) ?? '');
  const number = allowed?.kind === 'scalar' ? Number(allowed.value) : 0;
  const common = {
    as,
    allowFailed: percent === undefined ? (Number.isSafeInteger(number) ? number : 0) : { percent },
  };
  const list = child(located, 'in');
  if (list === undefined) return { ...common, item: { kind: 'hole' } };
  return {
    ...common,
    ...(list.kind === 'list' ? listOf(id, list, how) : namedList(id, list, how)),
  };
}

type FoundList = Pick<CheckedForeach, 'item' | 'table' | 'list'>;
const NOTHING: FoundList = Object.freeze({ item: { kind: 'hole' as const } });

/** A table, or a parameter. */
function namedList(
  id: string,
  located: Located,
  how: { readonly scope: Scope; readonly problems: Problem[] },
): FoundList {
  // What is no text is reported with the shape of the file.
  if (located.kind !== 'scalar' || typeof located.value !== 'string') return NOTHING;
  const { scope, problems } = how;
  const refuse = (message: string): FoundList => {
    problems.push({ code: 'BAD_VALUE', ...located.at, message: `steps.${id}.${message}` });
    return NOTHING;
  };
  if (!hasReference(located.value)) {
    const [, step, output] = TABLE.exec(located.value) ?? [];
    if (step === undefined) return refuse(`foreach.in: '${located.value}'; ${WHAT_IT_TAKES}`);
    return tableOf({ at: located.at, step, output });
  }
  const parts = parseTemplate(located.value);
  const [part, ...more] = parts;
  if (part === undefined || typeof part === 'string' || more.length > 0) {
    return refuse(`foreach.in: text around a reference; ${WHAT_IT_TAKES}`);
  }
  const found = resolveReference(part, located.marks[part.mark] ?? located.at, {
    scope,
    allowed: FOR_LIST,
    why: WHAT_IT_TAKES,
    noSecrets: WHAT_IT_TAKES,
    problems,
    uses: [],
  });
  if (found === undefined) return NOTHING;
  if (found.kind === 'step' && found.part === 'outputs') {
    return tableOf({ at: located.at, step: found.step, output: found.name });
  }
  const name = 'names' in part ? (part.names[1] ?? '') : '';
  if (found.kind !== 'value') return refuse(`foreach.in: ${WHAT_IT_TAKES}`);
  if (scope.lists?.has(name) !== true) {
    return refuse(`foreach.in: the parameter '${name}' is one value; give it the type list`);
  }
  const values = scope.lists.get(name);
  if (values === undefined) return NOTHING;
  return checkedItems(id, values, () => located.at, problems);
}

function tableOf({ at, step, output }: TableUse): FoundList {
  const isMain = output === undefined || output === MAIN_OUTPUT;
  return {
    item: { kind: 'row' },
    table: { at, step, output: isMain ? undefined : output },
    list: { table: isMain ? step : `${step}.${output}` },
  };
}

/** Items as they are written. */
function listOf(
  id: string,
  located: Extract<Located, { kind: 'list' }>,
  { scope, problems }: { readonly scope: Scope; readonly problems: Problem[] },
): FoundList {
  const before = problems.length;
  const replaced = mapScalars(located, (scalar) =>
    replaceReferences(scalar, {
      scope,
      allowed: IN_ITEMS,
      noSecrets: 'an item would show it',
      problems,
      uses: [],
    }),
  );
  const shape = shapeOf(foreachSchema.shape.in, replaced, { what: `steps.${id}.foreach.in` });
  problems.push(...shape.problems);
  if (problems.length > before) return NOTHING;
  const items = itemsOf(replaced);
  return checkedItems(
    id,
    items.map((item) => plainOf(item) as Item),
    (i) => items[i]?.at ?? located.at,
    problems,
  );
}

/** All are values, or rows with the same columns; each is there once. */
function checkedItems(
  id: string,
  items: readonly Item[],
  placeOf: (i: number) => Place,
  problems: Problem[],
): FoundList {
  const wrong = (i: number, message: string): FoundList => {
    problems.push({
      code: 'BAD_ITEMS',
      ...placeOf(i),
      message: `steps.${id}.foreach.in: ${message}`,
    });
    return NOTHING;
  };
  const [first] = items;
  if (first === undefined) return wrong(0, 'the list is empty');
  if (items.length > MOST_ITEMS) {
    return wrong(
      MOST_ITEMS,
      `the list has ${items.length} items; at most ${MOST_ITEMS} are allowed`,
    );
  }
  const names = namesOf(first);
  const seen = new Map<string, number>();
  for (const [i, item] of items.entries()) {
    const own = namesOf(item);
    if (own?.join() !== names?.join()) {
      const told = (of: readonly string[] | undefined): string => of?.join(', ') ?? 'a value';
      return wrong(i, `an item is ${told(own)}, and the first one is ${told(names)}`);
    }
    const text = canonicalJson(item);
    if (seen.has(text)) return wrong(i, `the item ${text} stands twice`);
    seen.set(text, i);
    if (text.length > MOST_ITEM_BYTES) {
      return wrong(i, `an item has ${text.length} letters; at most ${MOST_ITEM_BYTES} are allowed`);
    }
  }
  return {
    list: items,
    item: names === undefined ? { kind: 'value' } : { kind: 'row', columns: new Set(names) },
  };
}

function namesOf(item: Item): readonly string[] | undefined {
  return typeof item === 'object' && item !== null ? Object.keys(item) : undefined;
}

/** The kind as the step is seen by others: what all items together make. */
export function gathering(spec: KindSpec, foreach: CheckedForeach): KindSpec {
  const { columns } = spec;
  return {
    ...spec,
    values: () => ['items', 'rows'],
    ...(columns === undefined
      ? {}
      : {
          columns: (options: never, known: KnownParts) =>
            Object.fromEntries(
              Object.entries(columns(options, known)).map(([output, table]) => [
                output,
                table === undefined ? undefined : withItemColumns(table, foreach, known),
              ]),
            ),
        }),
  };
}

function withItemColumns(
  table: KnownTable,
  { item, list, as }: CheckedForeach,
  known: KnownParts,
): KnownTable {
  if (list !== undefined && 'table' in list) {
    const own = known.table(list.table);
    if (own === undefined) return { columns: table.columns, isAll: false };
    return { columns: [...own.columns, ...table.columns], isAll: own.isAll && table.isAll };
  }
  const names = item.kind === 'row' ? [...(item.columns ?? [])] : [as];
  const columns = names.map((name) => ({ name, type: undefined }));
  return { columns: [...columns, ...table.columns], isAll: table.isAll };
}
