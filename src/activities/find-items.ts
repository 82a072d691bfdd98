/** The items of a step: those its profile lists, or the rows of a table. Refused where they cannot be told apart. */

import { canonicalJson } from '../model/canonical.ts';
import { MOST_ITEM_BYTES } from '../model/items.ts';
import { isRow, itemText } from '../model/listed-item.ts';
import { StepError } from '../model/step-error.ts';

import type { ItemTables } from '../kinds/contract.ts';
import type { Column } from '../model/column.ts';
import type { FoundItems, ListedItem } from '../model/listed-item.ts';
import type { Foreach, Item, Scalar } from '../model/plan.ts';

/** @throws StepError BAD_ITEMS */
export async function findItems(
  { in: list, as }: Foreach,
  rowsOf: (table: string) => ReturnType<ItemTables['rows']>,
): Promise<FoundItems> {
  if (list === undefined) throw new Error('unreachable: the step that looks for items has a list');
  const found =
    'table' in list
      ? await rowsOf(list.table)
      : { items: list.map((item) => ({ item })), columns: columnsOf(list, as) };
  mustBeDistinct(found.items);
  return found;
}

function mustBeDistinct(items: readonly ListedItem[]): void {
  if (items.length === 0) {
    throw new StepError('BAD_ITEMS', 'the list of its items is empty', {
      hint: 'Where that may be, give the step a `when`, such as on steps.x.values.rows.',
    });
  }
  const seen = new Set<string>();
  for (const each of items) {
    const text = canonicalJson(each.item);
    if (seen.has(text)) {
      throw new StepError('BAD_ITEMS', `the item ${shown(each)} stands twice in the list`);
    }
    seen.add(text);
    if (Buffer.byteLength(text) > MOST_ITEM_BYTES) {
      throw new StepError(
        'BAD_ITEMS',
        `the item ${shown(each)} has ${Buffer.byteLength(text)} bytes; at most ${MOST_ITEM_BYTES} are allowed`,
      );
    }
  }
}

function shown(item: ListedItem): string {
  const text = itemText(item);
  return `'${text.length <= 60 ? text : `${text.slice(0, 57)}...`}'`;
}

/** Columns of the items that a profile lists: of one type where all have it, else text. */
function columnsOf(items: readonly Item[], as: string): readonly Column[] {
  const [first] = items;
  if (first === undefined || !isRow(first)) {
    return [{ name: as, type: typeOf(items as readonly Scalar[]) }];
  }
  return Object.keys(first).map((name) => ({
    name,
    type: typeOf(items.map((item) => (isRow(item) ? item[name]! : null))),
  }));
}

function typeOf(values: readonly Scalar[]): string {
  const some = values.filter((value) => value !== null);
  const all = (test: (value: Scalar) => boolean): boolean => some.length > 0 && some.every(test);
  if (all((value) => typeof value === 'boolean')) return 'BOOLEAN';
  if (all((value) => Number.isSafeInteger(value))) return 'BIGINT';
  return all((value) => typeof value === 'number') ? 'DOUBLE' : 'VARCHAR';
}
