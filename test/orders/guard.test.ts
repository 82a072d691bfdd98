import { expect, test } from '@jest/globals';

import { stepOrder, runOrder } from '../../src/model/order.ts';
import { shapeOf } from '../../src/model/run-shape.ts';
import { sealResult, tagPlan } from '../../src/orders/tags.ts';
import {
  DELIVERY,
  EXECUTION,
  guardOf,
  INPUT,
  INPUT_A,
  KEY,
  OUTCOMES,
  PLAN,
  RESULT,
  RESULT_B,
  SEALED,
} from './fixtures.ts';

import type { RunEvent } from '../../src/model/events.ts';

const SQL = 'transform.sql';
const forged = { ...SEALED, values: { rows: 4 } };

test('lets an ordered attempt through, and seals what it returns', async () => {
  const { call, refused } = guardOf();
  expect(await call(SQL, INPUT)).toEqual(sealResult(KEY, 'run-1', { id: 'b' }, RESULT));
  expect(await call(SQL, JSON.parse(JSON.stringify({ ...INPUT, attempt: 11 })))).toMatchObject(
    RESULT,
  );
  expect(refused).toEqual([]);
});

test.each<[string, unknown, string]>([
  [
    'other options',
    { ...INPUT, step: { ...INPUT.step, options: { sql: 'x' } } },
    'its step was not ordered like this',
  ],
  [
    'another time limit',
    { ...INPUT, step: { ...INPUT.step, timeoutMs: 9 } },
    'its step was not ordered like this',
  ],
  [
    'another run',
    { ...INPUT, run: { ...INPUT.run, id: 'run-2' } },
    'its step was not ordered like this',
  ],
  [
    'another start',
    { ...INPUT, run: { ...INPUT.run, generation: 2 } },
    'its step was not ordered like this',
  ],
  [
    'the tag of another step',
    { ...INPUT, tag: PLAN.run.tags!.steps['a'] },
    'its step was not ordered like this',
  ],
  [
    'the tag of the delivery',
    { ...INPUT, tag: PLAN.run.tags!.deliver },
    'its step was not ordered like this',
  ],
  ['no tag', { ...INPUT, tag: undefined }, 'its step was not ordered like this'],
  ['a tag that is no text', { ...INPUT, tag: ['x'] }, 'its step was not ordered like this'],
  [
    'a number of attempt that is a path',
    { ...INPUT, attempt: '../../x' },
    'no attempt has that number',
  ],
  ['more attempts than there can be', { ...INPUT, attempt: 12 }, 'no attempt has that number'],
  [
    'a changed result',
    { ...INPUT, inputs: { a: forged } },
    'it reads a result that no step of this run returned',
  ],
  [
    'a result without a seal',
    { ...INPUT, inputs: { a: RESULT } },
    'it reads a result that no step of this run returned',
  ],
  [
    'the result of another step',
    { ...INPUT, inputs: { a: sealResult(KEY, 'run-1', { id: 'b' }, RESULT) } },
    'it reads a result that no step of this run returned',
  ],
  [
    'the result of another run',
    { ...INPUT, inputs: { a: sealResult(KEY, 'run-2', { id: 'a' }, RESULT) } },
    'it reads a result that no step of this run returned',
  ],
  ['a result left out', { ...INPUT, inputs: {} }, 'it does not read what it was ordered to read'],
  [
    'a result too many',
    { ...INPUT, inputs: { a: SEALED, b: SEALED } },
    'it does not read what it was ordered to read',
  ],
  ['nothing', undefined, 'its input is of another form'],
  ['a text', 'x', 'its step was not ordered like this'],
])('refuses a step that comes with %s', async (_what, input, why) => {
  const { call } = guardOf();
  const work = async (): Promise<never> => {
    throw new Error('executed');
  };
  expect(await call(SQL, input, work)).toBe(why);
});

test('refuses an ordered step as another kind, without a workflow, and in a workflow that is not open', async () => {
  const { call } = guardOf({ isOpen: async ({ runId }) => runId === 'x' });
  expect(await call('exec.command', INPUT)).toBe('its step is of another kind');
  const elsewhere = { workflowId: 'run-1', runId: 'y' };
  expect(await call(SQL, INPUT, undefined, elsewhere)).toBe(
    'its run is not going on in this workflow',
  );
  const { guard, refused } = guardOf();
  const { inbound } = guard.activity({ info: { activityType: SQL } } as never);
  const alone = inbound!.execute!({ args: [INPUT], headers: {} }, async () => RESULT);
  await expect(alone).rejects.toMatchObject({ type: 'NOT_ORDERED', nonRetryable: true });
  expect(refused).toEqual([{ activity: SQL, why: 'no workflow asked for it' }]);
});

test('does not begin an attempt beside itself; once it has ended, it may be asked for again', async () => {
  const { call } = guardOf();
  let end: (result: unknown) => void;
  const first = call(SQL, INPUT, () => new Promise((resolve) => (end = resolve)));
  expect(await new Promise((next) => setImmediate(next)).then(() => call(SQL, INPUT))).toBe(
    'it is going on already',
  );
  end!(RESULT);
  expect(await first).toMatchObject(RESULT);
  expect(await call(SQL, INPUT)).toMatchObject(RESULT);
});

const KEY_OF_RUN = { ...runOrder(PLAN), tag: PLAN.run.tags!.run };
const EVENTS: readonly RunEvent[] = [
  { type: 'run_started', atMs: 1, shape: shapeOf(PLAN) },
  ...OUTCOMES.map((outcome): RunEvent => ({ type: 'step_ended', atMs: 1, outcome })),
];

/** A guard whose worker ran the workflow up to the `n`th event; what came through is in `seen`. */
async function guardThatSaw(n: number, returned: readonly string[] = ['a', 'b']) {
  const seen: unknown[] = [];
  const made = guardOf();
  const { events } = made.guard.sinks({
    events: { emit: { fn: async (_info, _key, told) => void seen.push(...told) } },
    attempts: { stop: { fn: () => undefined } },
  });
  await events.emit.fn(
    { workflowId: 'run-1', runId: 'x' } as never,
    KEY_OF_RUN,
    EVENTS.slice(0, n),
  );
  if (returned.includes('a')) await made.call(SQL, INPUT_A);
  if (returned.includes('b')) await made.call(SQL, INPUT, async () => RESULT_B);
  return { ...made, events, seen };
}

test('delivers what the run did, again too, and nothing else after that', async () => {
  const { call } = await guardThatSaw(3);
  const done = async (): Promise<unknown> => 'delivered';
  expect(await call('deliver', DELIVERY, done)).toBe('delivered');
  expect(await call('deliver', DELIVERY, done)).toBe('delivered');
  expect(await call('deliver', { ...DELIVERY, files: [] }, done)).toBe(
    'it is not the delivery of what the run did',
  );
});

test.each<[string, object, string]>([
  [
    'another folder',
    { plan: { ...DELIVERY.plan, run: { ...DELIVERY.plan.run, out: '/etc' } } },
    'the delivery was not ordered like this',
  ],
  [
    'other params',
    { plan: { ...DELIVERY.plan, params: {} } },
    'the delivery was not ordered like this',
  ],
  ['no tag', { tag: undefined }, 'the delivery was not ordered like this'],
  [
    'a file of another name',
    { files: [{ ...DELIVERY.files[0], path: 'b.csv' }] },
    'it delivers a file that no step of this run returned',
  ],
  [
    'a step left out',
    { outcomes: OUTCOMES.slice(1) },
    'it is not the delivery of what the run did',
  ],
  ['a file left out', { files: [] }, 'it is not the delivery of what the run did'],
  [
    'a file twice',
    { files: [DELIVERY.files[0], DELIVERY.files[0]] },
    'it is not the delivery of what the run did',
  ],
  ['a better status', { status: 'WARN' }, 'it is not the delivery of what the run did'],
])('refuses a delivery with %s', async (_what, change, why) => {
  const { call } = await guardThatSaw(3);
  expect(await call('deliver', { ...DELIVERY, ...change })).toBe(why);
});

test('refuses to deliver a run whose end this worker has not seen', async () => {
  const { call } = await guardThatSaw(2);
  const { outcomes } = DELIVERY;
  const why = 'it is not the delivery of what the run did';
  expect(await call('deliver', DELIVERY)).toBe(why);
  expect(await call('deliver', { ...DELIVERY, outcomes: outcomes.slice(0, 1) })).toBe(why);
});

test('refuses to deliver a run with a result that none of its steps returned here', async () => {
  const { call } = await guardThatSaw(3, ['a']);
  expect(await call('deliver', DELIVERY)).toBe('it is not the delivery of what the run did');
});

test('is deaf to the events of a workflow that nobody ordered', async () => {
  const { events, seen } = await guardThatSaw(1);
  const info = { workflowId: 'run-1', runId: 'x' } as never;
  await events.emit.fn(info, { ...KEY_OF_RUN, job: 'other' }, EVENTS);
  await events.emit.fn(info, { ...KEY_OF_RUN, generation: 2 }, EVENTS);
  await events.emit.fn(info, runOrder(PLAN), EVENTS);
  expect(seen).toEqual(EVENTS.slice(0, 1));
  await events.emit.fn(info, KEY_OF_RUN, EVENTS.slice(1, 2));
  const { seal: _, ...recorded } = OUTCOMES[0]!;
  expect(seen[1]).toEqual({ ...EVENTS[1], outcome: recorded });
});

test('what is ordered of a step holds all that it is given but its attempt and its inputs', () => {
  const { attempt: _, inputs: __, tag: ___, ...ordered } = INPUT;
  expect(ordered).toEqual(stepOrder(PLAN, PLAN.steps[1]!));
});

test('stops the attempts of a run only for a workflow that was ordered', async () => {
  const { guard } = guardOf();
  const stopped: string[] = [];
  const { attempts } = guard.sinks({
    events: { emit: { fn: () => undefined } },
    attempts: { stop: { fn: (_info, { runId }) => void stopped.push(runId) } },
  });
  const here = { workflowId: 'run-1', runId: 'x' } as never;
  await attempts.stop.fn(here, { ...KEY_OF_RUN, tag: 'made up' });
  expect(stopped).toEqual([]);
  await attempts.stop.fn(here, KEY_OF_RUN);
  expect(stopped).toEqual(['run-1']);
});

test('an attempt is told only of outcomes that were seen', async () => {
  const { call, guard } = guardOf();
  const handler = {
    ...PLAN.steps[1]!,
    id: 'c',
    needs: ['a', 'b'],
    reads: [],
    hears: ['a', 'b'],
    runIf: 'failed' as const,
  };
  const plan = tagPlan(KEY, { ...PLAN, steps: [...PLAN.steps, handler] });
  const ordered = {
    ...stepOrder(plan, handler),
    attempt: 1,
    inputs: {},
    tag: plan.run.tags!.steps['c']!,
  };
  const heard = { a: { status: 'FAIL', message: 'broke' }, b: { status: 'SKIPPED' } } as const;
  const [a, b] = OUTCOMES;
  const { emit } = guard.sinks({
    events: { emit: { fn: async () => undefined } },
    attempts: { stop: { fn: async () => undefined } },
  }).events;
  const why = 'it is told of steps what did not happen';

  expect(await call(SQL, { ...ordered, heard })).toBe(why);
  await emit.fn(EXECUTION as never, { ...runOrder(plan), tag: plan.run.tags!.run }, [
    { type: 'run_started', atMs: 1, shape: shapeOf(plan) },
    { type: 'step_ended', atMs: 2, outcome: { ...a!, status: 'FAIL', reason: 'broke' } },
    { type: 'step_ended', atMs: 2, outcome: { ...b!, status: 'SKIPPED' } },
  ]);
  expect(
    await call(SQL, {
      ...ordered,
      heard: { ...heard, a: { status: 'FAIL', message: '$(reboot)' } },
    }),
  ).toBe(why);
  expect(await call(SQL, { ...ordered, heard: { a: heard.a } })).toBe(why);
  expect(await call(SQL, ordered)).toBe(why);
  expect(await call(SQL, { ...INPUT_A, heard })).toBe(why);
  expect(await call(SQL, { ...ordered, heard })).toMatchObject(RESULT);
});
