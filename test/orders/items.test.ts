import { expect, test } from '@jest/globals';

import { itemOrder, stepOrder } from '../../src/model/order.ts';
import { isSealedItem, tagPlan } from '../../src/orders/tags.ts';
import { guardOf, KEY, PLAN, RESULT } from './fixtures.ts';

import type { Foreach, Plan, PlanStep } from '../../src/model/plan.ts';
import type {
  Collection,
  CollectInput,
  Expanded,
  GatherInput,
  StepInput,
  StepResult,
} from '../../src/model/step-result.ts';

const FOREACH: Foreach = { in: ['x', 'y'], as: 'item', atMost: 2, allowFailed: 0, reads: [] };
const STEP: PlanStep & { readonly foreach: Foreach } = {
  ...PLAN.steps[0]!,
  id: 'each',
  foreach: FOREACH,
};
const ORDER: Plan = tagPlan(KEY, { ...PLAN, steps: [STEP] });
const REF = { sha256: 's', bytes: 3, format: 'file' } as const;

const EXPAND: StepInput = {
  ...stepOrder(ORDER, STEP),
  attempt: 1,
  inputs: {},
  tag: ORDER.run.tags!.steps['each']!,
};
const OF_ITEM = { ...itemOrder(ORDER, STEP), tag: ORDER.run.tags!.items!['each']! };

/** What the activities of one step with two items are given, each from what those before it answered. */
async function chain(guard = guardOf()) {
  const expanded = (await guard.call('expandItems', EXPAND, async (): Promise<Expanded> => ({
    ...{ kind: 'items', list: { ref: REF, count: 2 }, open: '0-1', reused: {}, finished: {} },
  }))) as Extract<Expanded, { kind: 'items' }>;
  const { list } = expanded;
  const attempt = (index: number): StepInput => ({
    ...{ ...OF_ITEM, attempt: 1, inputs: {}, item: { index, list } },
  });
  const result = (await guard.call('transform.sql', attempt(1))) as StepResult;
  const end = {
    ...{ index: 1, status: 'OK' as const, fingerprint: 'f', seal: result.seals!.result },
  };
  const collect: CollectInput = { ...OF_ITEM, list, ends: [end] };
  const collection = (await guard.call('collectItems', collect, async () => ({
    ...{ ref: REF, count: 1 },
  }))) as Collection;
  const gather: GatherInput = { ...EXPAND, list, collections: [collection], startedAtMs: 1 };
  return { guard, list, attempt, result, end, collect, collection, gather };
}

test('lets the activities of a step with items through, each with what the last one sealed', async () => {
  const { guard, result, gather } = await chain();
  expect(
    isSealedItem(KEY, 'run-1', 'each[1]', { fingerprint: 'f', seal: result.seals!.result }),
  ).toBe(true);
  expect(await guard.call('gatherItems', gather)).toMatchObject(RESULT);
  expect(guard.refused).toEqual([]);
});

test.each<[string, (of: Awaited<ReturnType<typeof chain>>) => [string, unknown], string]>([
  [
    'another list of items in the order',
    () => ['expandItems', { ...EXPAND, step: { ...STEP, foreach: { ...FOREACH, in: ['z'] } } }],
    'its step was not ordered like this',
  ],
  [
    'the step as a whole',
    () => ['transform.sql', EXPAND],
    'a step with items is not done as a whole',
  ],
  [
    'an item behind the end of the list',
    ({ attempt }) => ['transform.sql', attempt(2)],
    'it has no such item',
  ],
  [
    'a list that no worker made',
    ({ attempt, list }) => [
      'transform.sql',
      { ...attempt(0), item: { index: 0, list: { ...list, ref: { ...REF, sha256: 'other' } } } },
    ],
    'it has no such item',
  ],
  [
    'the tag of the whole step for an item',
    ({ attempt }) => ['transform.sql', { ...attempt(0), tag: EXPAND.tag }],
    'its step was not ordered like this',
  ],
  [
    'a result that an item did not return',
    ({ collect, end }) => ['collectItems', { ...collect, ends: [{ ...end, fingerprint: 'g' }] }],
    'an item did not return what is said of it',
  ],
  [
    'the result of one item for another',
    ({ collect, end }) => ['collectItems', { ...collect, ends: [{ ...end, index: 0 }] }],
    'an item did not return what is said of it',
  ],
  [
    'ends that no worker wrote down',
    ({ gather, collection }) => [
      'gatherItems',
      { ...gather, collections: [{ ...collection, count: 9 }] },
    ],
    'its items did not end like this',
  ],
  [
    'ends in place of the list',
    ({ gather, collection }) => ['gatherItems', { ...gather, list: collection }],
    'it has no such items',
  ],
])('refuses %s', async (_name, inputOf, why) => {
  const made = await chain();
  const [activity, input] = inputOf(made);
  expect(await made.guard.call(activity, input)).toBe(why);
});
