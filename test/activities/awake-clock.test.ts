import { expect, test } from '@jest/globals';

import { makeAwakeClock } from '../../src/activities/awake-clock.ts';

test('counts the time that passes, and not that in which the process was frozen', () => {
  let nowMs = 0;
  const clock = makeAwakeClock(() => nowMs);
  for (let second = 0; second < 3; second += 1) {
    nowMs += 1_000;
    clock.elapsedMs();
  }
  expect(clock.elapsedMs()).toBe(3_000);
  nowMs += 8 * 3_600_000;
  expect(clock.elapsedMs()).toBe(4_000);
  nowMs += 500;
  expect(clock.elapsedMs()).toBe(4_500);
  clock.stop();
});
