/** An attempt of one item: the step with the item's values in their places, as if they were written there. */

import { itemValueOf } from '../model/listed-item.ts';
import { readItem } from './item-list.ts';
import { withItem } from '../model/plan-nodes.ts';

import type { PlanStep } from '../model/plan.ts';
import type { StepInput } from '../model/step-result.ts';
import type { Store } from '../store/store.ts';
import type { ListedItem } from '../model/listed-item.ts';

/** The step that is done for this item. */
export function stepFor(step: PlanStep, item: ListedItem): PlanStep {
  return { ...step, options: withItem(step.options, itemValueOf(item)) };
}

/** What the attempt works on: the input itself where it is for no item. */
export async function attemptInput(
  input: StepInput,
  store: Pick<Store, 'materialize'>,
): Promise<StepInput> {
  const place = input.item ?? input.outerItem;
  if (place === undefined) return input;
  const item = await readItem(place.list, place.index, store);
  return { ...input, step: stepFor(input.step, item) };
}
