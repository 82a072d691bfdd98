import { expect, test } from '@jest/globals';

import { makeGoingOn } from '../../src/activities/going-on.ts';

import type { Begin } from '../../src/activities/going-on.ts';

type Played = {
  readonly begin: Begin<string, string>;
  /** How often it was begun. */
  begun(): number;
  finish(result: string): void;
};

/** Work that ends when it is told to, or when it is stopped. */
function playedWork(): Played {
  let begun = 0;
  let finish: (result: string) => void = () => undefined;
  return {
    begin: ({ signal }) => {
      begun += 1;
      return new Promise((resolve, reject) => {
        finish = resolve;
        signal.addEventListener('abort', () => reject(new Error('stopped')));
      });
    },
    begun: () => begun,
    finish: (result) => finish(result),
  };
}

test('an attempt that comes while the work of an earlier one goes on joins it, and both get its result', async () => {
  const goingOn = makeGoingOn<string, string>();
  const { begin, begun, finish } = playedWork();
  const first = await goingOn.join('a', begin);
  const second = await goingOn.join('a', begin);
  first.leave('not heard of');
  finish('done');
  expect([await first.result, await second.result, begun()]).toEqual(['done', 'done', 1]);
  expect(goingOn.count()).toBe(0);
});

test('work that was left is joined by an attempt that comes in time, and stopped if none comes', async () => {
  const goingOn = makeGoingOn<string, string>(20);
  const { begin, begun, finish } = playedWork();
  (await goingOn.join('a', begin)).leave('not heard of');
  const joined = await goingOn.join('a', begin);
  finish('done');
  expect([await joined.result, begun()]).toEqual(['done', 1]);

  const left = await goingOn.join('a', begin);
  left.leave('not heard of');
  await expect(left.result).rejects.toThrow('stopped');
  expect(left.stoppedFor()).toBe('not heard of');
});

test('an attempt that comes while the work is being stopped begins its own after the end of that', async () => {
  const goingOn = makeGoingOn<string, string>();
  const order: string[] = [];
  let end: () => void = () => undefined;
  const first = await goingOn.join('a', async () => {
    await new Promise<void>((resolve) => (end = resolve));
    order.push('first ended');
    throw new Error('stopped');
  });
  first.stop('time limit');
  const joining = goingOn.join('a', async () => {
    order.push('second begun');
    return 'second';
  });
  end();
  expect(await (await joining).result).toBe('second');
  expect(order).toEqual(['first ended', 'second begun']);
});

test('the end of a worker stops what goes on, and waits for it', async () => {
  const goingOn = makeGoingOn<string, string>();
  const work = await goingOn.join('a', playedWork().begin);
  work.leave('not heard of');
  await goingOn.end('worker stopped');
  expect([goingOn.count(), work.stoppedFor()]).toEqual([0, 'worker stopped']);
  await goingOn.idle();
});
