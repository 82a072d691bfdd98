import { expect, test } from '@jest/globals';

import { nestedPlan } from '../../src/model/nested.ts';
import { giveOrder, runOrder, stepOrder } from '../../src/model/order.ts';
import { shapeOf } from '../../src/model/run-shape.ts';
import { sealList, sealResult, tagPlan } from '../../src/orders/tags.ts';
import { GIVE } from '../../src/model/step-result.ts';
import { EXECUTION, guardOf, KEY, PLAN as FLAT, RESULT } from './fixtures.ts';

import type { RunEvent } from '../../src/model/events.ts';
import type { NestedProfile, Plan, PlanStep } from '../../src/model/plan.ts';
import type { GiveInput, StepInput } from '../../src/model/step-result.ts';

const SQL = 'transform.sql';
const [A] = FLAT.steps as [PlanStep, PlanStep];
const nested: NestedProfile = {
  profile: 'inner',
  concurrency: 1,
  onFailure: 'continue',
  gives: { outputs: { table: { step: 'c', output: 'table' } }, values: {} },
  steps: [
    {
      ...A,
      id: 'c',
      options: { rows: { $ref: 'steps.^a.values.rows' } },
      takes: { t: { step: 'a', output: 'table' } },
    },
    { ...A, id: 'd', needs: ['c'], reads: ['c'] },
  ],
};
const IN = { ...A, id: 'in', kind: 'profile', needs: ['a'], reads: ['a'], nested };
const PLAN: Plan = tagPlan(KEY, { ...FLAT, steps: [A, IN] });
const INNER = nestedPlan(PLAN, IN, nested);
const [C, D] = nested.steps as [PlanStep, PlanStep];

const SEALED_A = sealResult(KEY, 'run-1', { id: 'a' }, RESULT);
const SEALED_C = sealResult(KEY, 'run-1', { id: 'in/c' }, RESULT);
const tagOf = (name: string): string => PLAN.run.tags!.steps[name]!;

const OF_C: StepInput = {
  ...stepOrder(INNER, C),
  attempt: 1,
  inputs: {},
  outer: { a: SEALED_A },
  tag: tagOf('in/c'),
};
const OF_D: StepInput = {
  ...stepOrder(INNER, D),
  attempt: 1,
  inputs: { c: SEALED_C },
  tag: tagOf('in/d'),
};
const GIFT: GiveInput = {
  ...giveOrder(PLAN, IN),
  inputs: { c: SEALED_C },
  about: { cached: false, durationMs: 5 },
  tag: PLAN.run.tags!.gives!['in']!,
};

test('lets the steps of a profile through with what they are given, and seals what they return under their names', async () => {
  const { call, refused } = guardOf();
  expect(await call(SQL, OF_C)).toEqual(sealResult(KEY, 'run-1', { id: 'in/c' }, RESULT));
  expect(await call(SQL, OF_D)).toEqual(sealResult(KEY, 'run-1', { id: 'in/d' }, RESULT));
  expect(refused).toEqual([]);
});

const FORGED = 'it reads a result that no step of this run returned';
test.each<[string, unknown, string]>([
  [
    'nothing of what it is to be given',
    { ...OF_C, outer: {} },
    'it is not given what it was ordered to read',
  ],
  [
    'more than it is to be given',
    { ...OF_D, outer: { a: SEALED_A } },
    'it is not given what it was ordered to read',
  ],
  [
    'a changed result from outside',
    { ...OF_C, outer: { a: { ...SEALED_A, values: { rows: 9 } } } },
    FORGED,
  ],
  ['the result of another step from outside', { ...OF_C, outer: { a: SEALED_C } }, FORGED],
  [
    'the result of a step of its id, but outside of the profile',
    { ...OF_D, inputs: { c: sealResult(KEY, 'run-1', { id: 'c' }, RESULT) } },
    FORGED,
  ],
  [
    'the order of another profile',
    { ...OF_D, run: { ...OF_D.run, within: 'other' } },
    'its step was not ordered like this',
  ],
  [
    'the order of the run itself',
    { ...OF_D, run: { ...OF_D.run, within: undefined } },
    'its step was not ordered like this',
  ],
])('does not execute a step of a profile with %s', async (_name, input, why) => {
  expect(await guardOf().call(SQL, input)).toBe(why);
});

/** What this process saw of the run: how the steps of the profile ended. */
async function sawn(
  guard: ReturnType<typeof guardOf>['guard'],
  statuses: Readonly<Record<string, 'OK' | 'FAIL'>>,
) {
  const sinks = guard.sinks({
    events: { emit: { fn: async () => undefined, callDuringReplay: false } },
    attempts: { stop: { fn: async () => undefined, callDuringReplay: false } },
  });
  const key = { ...runOrder(PLAN), tag: PLAN.run.tags!.run };
  const events: RunEvent[] = [
    { type: 'run_started', atMs: 1, shape: shapeOf(PLAN) },
    ...Object.entries(statuses).map(([step, status]): RunEvent => ({
      type: 'step_ended',
      atMs: 2,
      inside: { within: 'in', profile: 'inner' },
      outcome: {
        step,
        kind: SQL,
        status,
        attempts: 1,
        lost: 0,
        durationMs: 1,
        elapsedMs: 1,
        endedAtMs: 2,
      },
    })),
  ];
  await sinks.events.emit.fn(EXECUTION as never, key, events);
}

test('a profile gives what its steps returned, once all of them have ended well', async () => {
  const { call, guard, refused } = guardOf();
  expect(await call(GIVE, GIFT)).toBe('its steps did not end well');
  await sawn(guard, { c: 'OK', d: 'OK' });
  expect(await call(GIVE, GIFT)).toEqual(sealResult(KEY, 'run-1', { id: 'in' }, RESULT));
  expect(await call(GIVE, { ...GIFT, inputs: { c: SEALED_A } })).toBe(
    'it gives a result that no step of this run returned',
  );
  expect(
    await call(GIVE, { ...GIFT, inputs: { d: sealResult(KEY, 'run-1', { id: 'in/d' }, RESULT) } }),
  ).toBe('it gives a result that no step of this run returned');
  const gives = { outputs: { table: { step: 'd', output: 'table' } }, values: {} };
  expect(await call(GIVE, { ...GIFT, step: { ...GIFT.step, gives } })).toBe(
    'its step was not ordered like this',
  );
  expect(refused).toHaveLength(4);
});

test('a profile of which a step failed gives nothing', async () => {
  const { call, guard } = guardOf();
  await sawn(guard, { c: 'OK', d: 'FAIL' });
  expect(await call(GIVE, GIFT)).toBe('its steps did not end well');
});

/** The same profile for each of two items. */
const EACH = {
  ...IN,
  foreach: { in: ['x', 'y'], as: 'item', atMost: 2, allowFailed: 0, reads: ['a'] },
};
const OF_ALL: Plan = tagPlan(KEY, { ...FLAT, steps: [A, EACH] });
const OF_ONE = nestedPlan(OF_ALL, { ...EACH, id: 'in[1]' }, nested);
const LIST = sealList(KEY, 'items', ['run-1', 'in'], {
  ref: { sha256: 's', bytes: 1, format: 'json' },
  count: 2,
});
const OF_ITEM: StepInput = {
  ...stepOrder(OF_ONE, C),
  attempt: 1,
  inputs: {},
  outer: { a: SEALED_A },
  outerItem: { index: 1, list: LIST },
  tag: OF_ALL.run.tags!.steps['in/c']!,
};

test('a step of a profile that is done for each item is ordered once, and sealed for its item', async () => {
  const { call } = guardOf();
  expect(await call(SQL, OF_ITEM)).toEqual(sealResult(KEY, 'run-1', { id: 'in[1]/c' }, RESULT));
});

test.each<[string, object]>([
  ['no item', { outerItem: undefined }],
  ['another item than its name tells', { outerItem: { index: 0, list: LIST } }],
  [
    'an item that there is not',
    { run: { ...OF_ITEM.run, within: 'in[2]' }, outerItem: { index: 2, list: LIST } },
  ],
  ['a list that nobody made', { outerItem: { index: 1, list: { ...LIST, count: 3 } } }],
])('does not execute a step of such a profile for %s', async (_name, about) => {
  expect(await guardOf().call(SQL, { ...OF_ITEM, ...about })).toBe('it has no such item');
});
