/** Items as they are listed: values, or rows with what their columns are in a query. Pure. */

import { textOfScalar } from './plan-nodes.ts';
import { StepError } from './step-error.ts';

import type { Column } from './column.ts';
import type { Item, Scalar } from './plan.ts';
import type { SqlType, SqlValue } from './plan-nodes.ts';

export type ListedItem = {
  readonly item: Item;
  /** SQL types of columns whose value alone does not tell. */
  readonly types?: Readonly<Record<string, SqlType>>;
};

export type FoundItems = {
  readonly items: readonly ListedItem[];
  /** Their columns in the result of their step. */
  readonly columns: readonly Column[];
};

/** What a reference to the item stands for: `field` is '' for the item itself. */
export function itemValueOf({ item, types = {} }: ListedItem): (field: string) => SqlValue {
  return (field) => {
    if (field === '' && !isRow(item)) return { value: item };
    if (!isRow(item) || !Object.hasOwn(item, field)) {
      const known = isRow(item) ? `; they have ${Object.keys(item).join(', ')}` : '';
      throw new StepError('BAD_ITEMS', `the items have no column '${field}'${known}`);
    }
    const type = types[field];
    return { value: item[field]!, ...(type === undefined ? {} : { type }) };
  };
}

/** An item as people read it: its value, or those of its columns. */
export function itemText({ item }: ListedItem): string {
  return isRow(item) ? Object.values(item).map(textOfScalar).join(', ') : textOfScalar(item);
}

export function isRow(item: Item): item is Readonly<Record<string, Scalar>> {
  return typeof item === 'object' && item !== null;
}
