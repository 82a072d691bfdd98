import { expect, test } from '@jest/globals';

import { orderOf } from '../../src/model/standing-order.ts';
import { makeStandingGuard } from '../../src/orders/standing-guard.ts';
import { tagStandingOrder } from '../../src/orders/tags.ts';
import { EXECUTION, KEY } from './fixtures.ts';

import type { StandingOrder } from '../../src/model/standing-order.ts';

const SIGNED = tagStandingOrder(KEY, { by: 'backfill', id: 'b', job: '/j', out: '/out' });
const RUN = orderOf(SIGNED, { partition: 'p1', atMs: 5 });

/** `made`, or why it is refused. */
async function call(input: unknown): Promise<unknown> {
  const refused: string[] = [];
  const guard = makeStandingGuard({ key: KEY, onRefused: ({ why }) => refused.push(why) });
  const { inbound } = guard({ info: { activityType: 'x', workflowExecution: EXECUTION } } as never);
  const made = inbound!.execute!({ args: [input], headers: {} }, async () => 'made');
  return made.catch(() => refused.join());
}

test('lets what was ordered through, as it comes over a wire: a run, and a question about the order', async () => {
  expect(await call(JSON.parse(JSON.stringify(RUN)))).toBe('made');
  expect(await call({ order: SIGNED, from: 0, limit: 5 })).toBe('made');
});

const other = (change: Partial<StandingOrder>) => ({ ...RUN, order: { ...SIGNED, ...change } });
test.each([
  ['another job', other({ job: '/theirs' }), 'its run was not ordered'],
  ['another folder', other({ out: '/theirs' }), 'its run was not ordered'],
  ['a parameter more', other({ params: ['a=b'] }), 'its run was not ordered'],
  ['no tag', { ...RUN, order: { ...SIGNED, tag: undefined } }, 'its run was not ordered'],
  [
    'the tag of another key',
    { ...RUN, order: tagStandingOrder(Buffer.alloc(32, 8), SIGNED) },
    'its run was not ordered',
  ],
  ['the name of another run', { ...RUN, runId: 'mine-1' }, 'its order means no such run'],
  ['another partition', { ...RUN, partition: 'p2' }, 'its order means no such run'],
  ['no time', { ...RUN, atMs: 'now' }, 'its order means no such run'],
  ['no order', { runId: 'b-p1' }, 'its run was not ordered'],
  ['nothing', undefined, 'its run was not ordered'],
  ['an order of another shape', { order: null }, 'its input is of another form'],
])('refuses %s', async (_, input, why) => {
  expect(await call(input)).toBe(why);
});

test('an order that names its partition makes no other one', async () => {
  const order = tagStandingOrder(KEY, { ...SIGNED, partition: 'p1' });
  expect(await call(orderOf(order, { partition: 'p2', atMs: 5 }))).toBe(
    'its order means no such run',
  );
  expect(await call(orderOf(order, { atMs: 5 }))).toBe('made');
});
