/**
 * An attempt of a step with items: find them, work on them in child workflows of some hundred, put their results together.
 *
 * 1. Only references pass through here: the list of the items, and how they ended, lie in the store.
 * 2. The lanes share `at_most` out among them, so that over all children no more items run at once.
 * 3. What fails here is final: each item has had its own tries.
 */

import { CancelledFailure, executeChild, isCancellation, workflowInfo } from '@temporalio/workflow';

import { failed, interrupted } from '../model/endings.ts';
import { addCounts, dealOut, failedOf } from '../model/items.ts';
import { insideOf, nameIn, placesOf } from '../model/nested.ts';
import { itemOrder, runOrder } from '../model/order.ts';
import { numbersIn, rangesText } from '../model/ranges.ts';
import { failureBehind, itemsActivities, orderedStep } from './activities.ts';

import type { Attempted } from '../model/endings.ts';
import type { RunEvent } from '../model/events.ts';
import type { Failure } from '../model/failure.ts';
import type { ItemCounts, Status } from '../model/outcome.ts';
import type { Foreach, Plan, PlanStep } from '../model/plan.ts';
import type { Given } from '../model/run-state.ts';
import type { Collection, Expanded, StepInput, StepResult } from '../model/step-result.ts';
import type { Telling } from './surroundings.ts';
import type { ForEach, ForEachInput } from './items-page.ts';

type ItemsStep = PlanStep & { readonly foreach: Foreach };
type Items = Extract<Expanded, { kind: 'items' }>;

/** What ended by itself, and what was cancelled with the run. */
type Worked = {
  readonly collections: readonly Collection[];
  readonly counts: ItemCounts;
  readonly isCancelled: boolean;
};

/** Tries a step with items once, and answers once. */
export function attemptItems(
  plan: Plan,
  step: ItemsStep,
  attempt: number,
  given: Given,
  answer: (attempted: Attempted) => void,
  telling: Telling,
): void {
  const startedAtMs = Date.now();
  void tryAll(plan, step, attempt, given, telling).then(
    (result) => answer({ ending: 'ok', result }),
    (error: unknown) =>
      answer(
        failed({
          ...failureBehind(error, step.timeoutMs),
          retryable: false,
          durationMs: Math.max(1, Date.now() - startedAtMs),
        }),
      ),
  );
}

async function tryAll(
  plan: Plan,
  step: ItemsStep,
  attempt: number,
  given: Given,
  telling: Telling,
): Promise<StepResult> {
  const startedAtMs = Date.now();
  const { attended, ...order } = orderedStep(plan, step);
  const input: StepInput = { ...order, attempt, ...given };
  const work = { run: order.run, step, attended };
  const expanded = await itemsActivities(work, 'items').expandItems(input);
  if (expanded.kind === 'found') return expanded.result;
  const { list, known } = expanded;
  telling.emit(insideOf(plan, foundEvents(step.id, expanded)));
  const worked = await workOn(plan, step, attempt, given, expanded, telling);
  if (worked.isCancelled) {
    const items = { total: list.count, counts: addCounts(expanded.finished, worked.counts) };
    throw new CancelledFailure('cancelled', [
      { ...interrupted('cancelled', step.timeoutMs), items } satisfies Failure,
    ]);
  }
  const collections = [...(known === undefined ? [] : [known]), ...worked.collections];
  return itemsActivities(work, 'all').gatherItems({
    ...{ ...input, list, collections, startedAtMs },
  });
}

/** What is known of the items before any is worked on. */
function foundEvents(step: string, { list, reused, finished }: Items): readonly RunEvent[] {
  const atMs = Date.now();
  return [
    { type: 'items_found', atMs, step, total: list.count, counts: finished },
    ...Object.entries(reused).flatMap(([status, ranges]) =>
      numbersIn(ranges).map(
        (item) => ({ type: 'item_ended', atMs, step, item, status: status as Status }) as const,
      ),
    ),
  ];
}

async function workOn(
  plan: Plan,
  step: ItemsStep,
  attempt: number,
  given: Given,
  { list, open }: Items,
  { note, deadlineMs }: Telling,
): Promise<Worked> {
  const { pages, lanes } = dealOut(numbersIn(open), step.foreach.atMost);
  const collections: Collection[] = [];
  let counts: ItemCounts = {};
  let isCancelled = false;
  let next = 0;
  const stopsEarly = plan.onFailure === 'stop' && step.foreach.allowFailed === 0;
  const common = commonOf(plan, step, given);
  const name = nameIn(plan.run.within, step.id);

  const lane = async (atOnce: number): Promise<void> => {
    for (;;) {
      const page = next;
      const items = pages[page];
      if (items === undefined || isCancelled || (stopsEarly && failedOf(counts) > 0)) return;
      next += 1;
      const about: ForEachInput = {
        ...common,
        ...{ list, items: rangesText(items), atOnce, stopsEarly },
        ...(deadlineMs === undefined ? {} : { deadlineMs }),
      };
      const ended = await executeChild<ForEach>('forEach', {
        workflowId: `${workflowInfo().workflowId}/${name}/${attempt}.${page}`,
        args: [about],
        staticSummary: `${name}, items ${items[0]} to ${items.at(-1)}`,
      });
      counts = addCounts(counts, ended.counts);
      if (ended.collection === undefined) isCancelled = true;
      else collections.push(ended.collection);
      const atMs = Date.now();
      const told = { type: 'items_ended', atMs, step: step.id, counts: ended.counts } as const;
      for (const event of insideOf(plan, [told])) note(event);
    }
  };

  const all = await Promise.allSettled(lanes.map(lane));
  for (const each of all) {
    if (each.status === 'fulfilled') continue;
    if (isCancellation(each.reason)) isCancelled = true;
    else throw failureOfChild(each.reason);
  }
  return { collections, counts, isCancelled };
}

function failureOfChild(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? error.cause : error;
}

/** What every child is given. */
function commonOf(
  plan: Plan,
  step: ItemsStep,
  { inputs, ...given }: Given,
): Pick<ForEachInput, 'order' | 'key' | 'given' | 'plan'> {
  const { tags } = plan.run;
  const tag = tags?.items?.[nameIn(plan.run.within, step.id)];
  const own = Object.entries(inputs).filter(([read]) => step.foreach.reads.includes(read));
  return {
    ...(step.nested === undefined ? {} : { plan: aroundItems(plan, step) }),
    order: {
      ...itemOrder(plan, step),
      ...(tag === undefined ? {} : { tag }),
      attended: plan.run.attended === true,
    },
    key: { ...runOrder(plan), ...(tags === undefined ? {} : { tag: tags.run }) },
    given: { ...given, inputs: Object.fromEntries(own) },
  };
}

/** What a profile that is done for each item must know of the plan that it is in: not its other steps. */
function aroundItems(plan: Plan, step: ItemsStep): Plan {
  const { tags, ...run } = plan.run;
  const name = nameIn(plan.run.within, step.id);
  const own = (all: Readonly<Record<string, string>> = {}): Record<string, string> =>
    Object.fromEntries(
      Object.entries(all).filter(([of]) => of === name || of.startsWith(`${name}/`)),
    );
  const ofSteps = tags && { ...tags, steps: own(tags.steps), gives: own(tags.gives), items: {} };
  return {
    ...plan,
    steps: [],
    run: { ...run, places: placesOf(plan), ...(ofSteps === undefined ? {} : { tags: ofSteps }) },
  };
}
