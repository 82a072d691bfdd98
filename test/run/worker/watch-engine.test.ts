import { expect, test } from '@jest/globals';

import { whileUp } from '../../../src/run/worker/watch-engine.ts';

const never = new Promise<string>(() => undefined);

test('what waits for an engine that is gone is told so', async () => {
  await expect(whileUp(() => false, never)).rejects.toMatchObject({
    code: 'ENGINE_LOST',
    exitCode: 3,
  });
});

test('one look that misses the engine ends nothing', async () => {
  const looks = [false, true, true];
  let finish: (value: string) => void;
  const work = new Promise<string>((resolve) => (finish = resolve));
  const isUp = (): boolean => {
    const up = looks.shift() ?? true;
    if (looks.length === 0) finish('done');
    return up;
  };
  expect(await whileUp(isUp, work)).toBe('done');
});

test('without an engine of ours only the work counts', async () => {
  expect(await whileUp(undefined, Promise.resolve('done'))).toBe('done');
});
