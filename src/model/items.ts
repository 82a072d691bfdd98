/**
 * The items of a `foreach`: how an attempt of one is ordered and named, how many may fail, and how many are worked on
 * at once. Pure.
 */

import { isFailure } from './outcome.ts';

import type { RunEvent } from './events.ts';
import type { Status, ItemCounts } from './outcome.ts';
import type { Foreach, Plan, PlanStep } from './plan.ts';
import type { StepInput } from './step-result.ts';

/** Most items of one step, and most bytes of one of them as JSON. */
export const MOST_ITEMS = 100_000;
export const MOST_ITEM_BYTES = 4_000;
/** Most failed items that an outcome names one by one. */
export const MOST_NAMED = 10;
/** Most items of one child workflow: its history stays small. */
const MOST_IN_PAGE = 300;
/** Most child workflows at once, and the share of `at_most` that each is worth: many ends in one turn cost little. */
const MOST_LANES = 4;
const LANE_FROM = 8;

/** The step as the attempts of its items are given it: without the list, which may be long. */
export function itemStep(step: PlanStep & { readonly foreach: Foreach }): PlanStep {
  const { in: _, ...foreach } = step.foreach;
  return { ...step, reads: foreach.reads, foreach };
}

/** Name of an item in ids, logs and messages: `score[17]`. */
export function itemName(step: string, index: number | undefined): string {
  return index === undefined ? step : `${step}[${index}]`;
}

/** The step of a name that may be that of an item. */
export function stepOfName(name: string): string {
  return name.split('[')[0] ?? name;
}

/** How many of so many items may fail. */
export function allowedOf({ allowFailed }: Foreach, total: number): number {
  if (typeof allowFailed === 'number') return allowFailed;
  return Math.floor((allowFailed.percent * total) / 100);
}

/** Items that ended with a failure of their own. */
export function failedOf(counts: ItemCounts): number {
  return Object.entries(counts).reduce(
    (sum, [status, n]) => (isFailure(status as Status) ? sum + n : sum),
    0,
  );
}

/** Items that ended, however. */
export function totalOf(counts: ItemCounts): number {
  return Object.values(counts).reduce((sum, n) => sum + n, 0);
}

export function addCounts(one: ItemCounts, other: ItemCounts): ItemCounts {
  const all: Partial<Record<Status, number>> = { ...one };
  for (const [status, n] of Object.entries(other)) {
    const key = status as Status;
    all[key] = (all[key] ?? 0) + n;
  }
  return all;
}

/** Attempts of a plan that can run at once: each step that has items counts for as many as it has at once. */
export function mostAtOnce({ steps, concurrency }: Pick<Plan, 'steps' | 'concurrency'>): number {
  const all = placeTakers(steps);
  if (all.every(({ foreach }) => foreach === undefined)) return concurrency;
  const widths = all.map(({ foreach }) => foreach?.atMost ?? 1).toSorted((a, b) => b - a);
  const most = widths.slice(0, concurrency).reduce((sum, width) => sum + width, 0);
  return Math.max(concurrency, most);
}

/** A profile that is a step takes no place: the steps in it do; unless it is done for each of its items. */
function placeTakers(steps: readonly PlanStep[]): readonly PlanStep[] {
  return steps.flatMap((step) =>
    step.nested === undefined || step.foreach !== undefined
      ? [step]
      : placeTakers(step.nested.steps),
  );
}

/** Which events of a pipeline are told: how an attempt of a step with items ends, its items tell. */
export function tellsOwn({ steps }: Pick<Plan, 'steps'>): (event: RunEvent) => boolean {
  const ofItems = new Set(steps.flatMap(({ id, foreach }) => (foreach === undefined ? [] : [id])));
  return (event) => event.type !== 'attempt_ended' || !ofItems.has(event.step);
}

/** How items are dealt out: pages of about one size, and lanes that take one page after the other. */
export function dealOut(
  items: readonly number[],
  atMost: number,
): { readonly pages: readonly (readonly number[])[]; readonly lanes: readonly number[] } {
  const count = Math.max(1, Math.ceil(items.length / MOST_IN_PAGE));
  const size = Math.ceil(items.length / count);
  const pages = Array.from({ length: count }, (_, i) => items.slice(i * size, (i + 1) * size));
  const width = Math.max(1, Math.min(MOST_LANES, count, Math.floor(atMost / LANE_FROM)));
  const lanes = Array.from(
    { length: width },
    (_, i) => Math.floor(atMost / width) + (i < atMost % width ? 1 : 0),
  );
  return { pages: pages.filter((page) => page.length > 0), lanes };
}

/** False for the work around the items of a step, which is no attempt of any. */
export function isAttempt({ step, item }: Pick<StepInput, 'step' | 'item'>): boolean {
  return step.foreach === undefined || item !== undefined;
}

/** The attempt that an activity of these arguments is; undefined for any other activity. */
export function attemptIn(args: readonly unknown[]): StepInput | undefined {
  const input = args[0] as Partial<StepInput> | undefined;
  const isStep =
    typeof input?.step?.id === 'string' &&
    typeof input.run?.id === 'string' &&
    typeof input.attempt === 'number';
  return isStep && isAttempt(input as StepInput) ? (input as StepInput) : undefined;
}
