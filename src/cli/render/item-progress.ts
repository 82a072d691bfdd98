/** How far a step with many items is, told now and then where no live region shows it. */

import { nameIn } from '../../model/nested.ts';
import { itemsText } from './lines.ts';

import type { RunEvent } from '../../model/events.ts';
import type { RunView, StepView } from '../../model/view.ts';

/** So often at most, by the times of the events. */
const EVERY_MS = 60_000;

/** Answers a line for an event that one is due with. */
export function makeItemProgress(): (event: RunEvent, view: RunView) => string | undefined {
  const toldAtMs = new Map<string, number>();
  return (event, view) => {
    if (event.type === 'items_found') {
      toldAtMs.set(nameIn(event.inside?.within, event.step), event.atMs);
    }
    if (event.type !== 'item_ended' && event.type !== 'items_ended') return undefined;
    const name = nameIn(event.inside?.within, event.step);
    const before = toldAtMs.get(name);
    if (before === undefined || event.atMs - before < EVERY_MS) return undefined;
    const items = stepIn(view.steps, name.split('/'))?.items;
    if (items === undefined) return undefined;
    toldAtMs.set(name, event.atMs);
    return `  ${name}: ${itemsText(items.total, items.counts)}`;
  };
}

function stepIn(
  steps: readonly StepView[],
  [id, ...within]: readonly string[],
): StepView | undefined {
  const step = steps.find((each) => each.id === id);
  return within.length === 0 ? step : stepIn(step?.steps ?? [], within);
}
