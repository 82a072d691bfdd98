import { expect, test } from '@jest/globals';

import { readHookNotes } from '../../src/hooks/due.ts';
import { freePort, until } from '../harness/cli.ts';
import { openReceiver, withReceiver } from '../harness/receiver.ts';
import { dueOf, httpHook, withSender } from './fixtures.ts';

const HOUR_MS = 3_600_000;

test('what is due is sent once, put away, and noted with the run', () =>
  withReceiver({}, (receiver) =>
    withSender(async ({ sender, add, due, stateDir, said }) => {
      await add(dueOf([httpHook(receiver.url)]));
      await sender.flush(5_000);
      await sender.flush(5_000);
      expect(receiver.keys()).toEqual(['sales-1.1.0']);
      expect(await due.list()).toEqual({ due: [], prepared: [] });
      expect(await readHookNotes(stateDir, 'sales-1')).toEqual([
        {
          hook: 'builder.yaml on_failure 1',
          event: 'failure',
          state: 'sent',
          tries: 1,
          at: expect.stringMatching(/^2026-01-31T03:15:/),
        },
      ]);
      expect(said).toEqual([]);
    }),
  ));

test.each([
  ['refuses', 500, /answered 500: no such hook/],
  ['says no', 404, /answered 404: no such hook/],
  ['breaks off', 'breaks off', /is not reached/],
  ['names another address', { redirect: 'http://127.0.0.1:1/' }, /names another address/],
] as const)('a receiver that %s is told of once and tried again', (_what, how, why) =>
  withReceiver({ behave: (n) => (n <= 3 ? how : 200) }, (receiver) =>
    withSender(async ({ sender, add, pass, said, failures, due }) => {
      await add(dueOf([httpHook(receiver.url)]));
      for (let i = 0; i < 20 && (await due.list()).due.length > 0; i += 1) {
        await sender.flush(1);
        await until(async () => receiver.got.length > 0, 'it was tried');
        await sender.flush(1_000);
        pass(60_000);
      }
      expect(receiver.got).toHaveLength(4);
      expect(new Set(receiver.got.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
      expect(failures).toEqual(['sales', 'sales', 'sales']);
      expect(said).toEqual([
        expect.stringMatching(why),
        'hook      builder.yaml on_failure 1 of run sales-1: sent at last, in try 4',
      ]);
    }),
  ),
);

test('a receiver that is away is told of once, however many runs end, and once when it answers again', () => {
  let isAway = true;
  return withReceiver({ behave: () => (isAway ? 500 : 200) }, (receiver) =>
    withSender(async ({ sender, add, pass, said, due }) => {
      for (const [i, id] of ['sales-1', 'sales-2', 'sales-3'].entries()) {
        await add(dueOf([httpHook(receiver.url)], { run_id: id }));
        await sender.flush(1);
        await until(() => receiver.got.length > i, 'it was tried');
        await sender.flush(1_000);
      }
      expect(said).toEqual([expect.stringMatching(/of run sales-1: .*answered 500.*tried again/)]);
      isAway = false;
      pass(60_000);
      await sender.flush(10_000);
      expect(await due.list()).toEqual({ due: [], prepared: [] });
      expect(said.slice(1)).toEqual([
        expect.stringMatching(/: sent; its receiver answers again, and gets 2 more that wait$/),
      ]);

      await add(dueOf([httpHook(receiver.url)], { run_id: 'sales-4' }));
      await sender.flush(10_000);
      expect(said).toHaveLength(2);
    }),
  );
});

test('a receiver that hangs keeps only its own hook waiting', () =>
  withReceiver({ behave: () => 'hangs' }, (slow) =>
    withReceiver({}, (quick) =>
      withSender(async ({ sender, add, due }) => {
        const hanging = httpHook(slow.url, { timeoutMs: 60_000 });
        await add(dueOf([hanging, httpHook(quick.url, { id: 'second' })]));
        await add(dueOf([httpHook(quick.url)], { run_id: 'sales-2' }));
        const flushing = sender.flush(60_000);
        await until(() => quick.keys().length === 2, 'the quick ones are sent');
        await sender.close();
        await flushing;
        const [name] = (await due.list()).due;
        expect(name).toBe('sales-1.1.json');
        const left = await due.read(name!);
        expect(left?.hooks.map(({ state, tries }) => [state, tries])).toEqual([
          ['waiting', 0],
          ['sent', 1],
        ]);
      }),
    ),
  ));

test('a time limit ends a try, and the next one follows', () =>
  withReceiver({ behave: (n) => (n === 1 ? 'hangs' : 200) }, (receiver) =>
    withSender(async ({ sender, add, pass, said }) => {
      await add(dueOf([httpHook(receiver.url, { timeoutMs: 100 })]));
      await sender.flush(10_000);
      expect(said[0]).toMatch(/did not answer in time/);
      pass(2_000);
      await sender.flush(10_000);
      expect(receiver.keys()).toEqual(['sales-1.1.0']);
    }),
  ));

test('after a day it is given up, and that is said', () =>
  withSender(async ({ sender, add, pass, due, said, stateDir, failures }) => {
    const port = await freePort();
    await add(dueOf([httpHook(`http://127.0.0.1:${port}/`)]));
    await sender.flush(5_000);
    pass(23 * HOUR_MS);
    await sender.flush(5_000);
    expect((await due.list()).due).toHaveLength(1);
    pass(HOUR_MS);
    await sender.flush(5_000);
    expect(said).toHaveLength(2);
    expect(said[1]).toMatch(/given up after a day and \d+ tries: the receiver is not reached/);
    expect(failures.length).toBeGreaterThan(2);
    expect(await due.list()).toEqual({ due: [], prepared: [] });
    expect(await readHookNotes(stateDir, 'sales-1')).toEqual([
      expect.objectContaining({ state: 'given up', error: expect.stringMatching(/ECONNREFUSED/) }),
    ]);
  }));

test('two processes do not both send', () =>
  withReceiver({}, (receiver) =>
    withSender(async ({ sender, another, add, due }) => {
      const runs = Array.from({ length: 12 }, (_, i) => `sales-${i}`);
      for (const id of runs) await add(dueOf([httpHook(receiver.url)], { run_id: id }));
      await Promise.all([sender, another(), another()].map((each) => each.flush(20_000)));
      await until(async () => (await due.list()).due.length === 0, 'all are sent');
      expect([...receiver.keys()].sort()).toEqual(runs.map((id) => `${id}.1.0`).sort());
    }),
  ));

test('what was prepared counts as soon as its end is recorded, and not before', () =>
  withReceiver({}, (receiver) =>
    withSender(async ({ sender, due, ends, pass }) => {
      for (const id of ['closed', 'open', 'other']) {
        await due.prepare(dueOf([httpHook(receiver.url)], { run_id: id }));
      }
      ends.set('open', 'open').set('other', 'gone');
      await sender.flush(5_000);
      expect(receiver.keys()).toEqual(['closed.1.0']);
      expect((await due.list()).prepared).toEqual(['open.1.json']);
      ends.set('open', 'recorded');
      pass(60_000);
      await sender.flush(5_000);
      expect(receiver.keys()).toEqual(['closed.1.0', 'open.1.0']);
    }),
  ));

test('a sender that goes on finds what others leave, without being asked', () =>
  withReceiver({}, (receiver) =>
    withSender(async ({ sender, add }) => {
      sender.start();
      await add(dueOf([httpHook(receiver.url)]));
      await until(() => receiver.keys().length === 1, 'it is sent');
    }),
  ));

test('a message that was sent and cannot be noted is not sent again by the same process', () =>
  withReceiver({}, (receiver) =>
    withSender(async ({ another, add, due, pass }) => {
      const sender = another();
      await add(dueOf([httpHook(receiver.url)]));
      const { write } = due;
      let isFull = true;
      Object.assign(due, {
        write: async (...words: Parameters<typeof write>) => {
          if (isFull) throw new Error('the disk is full');
          return write(...words);
        },
      });
      await sender.flush(2_000);
      pass(120_000);
      await sender.flush(2_000);
      isFull = false;
      pass(120_000);
      await sender.flush(2_000);
      expect(receiver.got).toHaveLength(1);
      expect((await due.list()).due).toEqual([]);
    }),
  ));

test('a receiver that is back after hours gets what it missed', () =>
  withSender(async ({ sender, add, pass, due }) => {
    const port = await freePort();
    await add(dueOf([httpHook(`http://127.0.0.1:${port}/`)]));
    await sender.flush(100);
    await until(async () => (await due.read('sales-1.1.json'))?.hooks[0]?.tries === 1, 'tried');
    pass(8 * HOUR_MS);
    const receiver = await openReceiver({ port });
    try {
      await sender.flush(5_000);
      expect(receiver.keys()).toEqual(['sales-1.1.0']);
    } finally {
      await receiver.close();
    }
  }));
