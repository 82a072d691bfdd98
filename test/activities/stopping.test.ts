import { expect, test } from '@jest/globals';

import { makeStopping } from '../../src/activities/stopping.ts';

const RUN = { id: 'r', generation: 2 };

test('stops the attempts of that start of the run, and those that come late', () => {
  const stopping = makeStopping();
  const mine = stopping.join(RUN);
  const other = stopping.join({ id: 'other', generation: 2 });
  const before = stopping.join({ id: 'r', generation: 1 });
  const over = stopping.join(RUN);
  over.end();
  stopping.stop(RUN);
  const late = stopping.join(RUN);
  expect([mine, late].map(({ signal }) => signal.aborted)).toEqual([true, true]);
  expect([other, before, over].map(({ signal }) => signal.aborted)).toEqual([false, false, false]);
});
