import { expect, test } from '@jest/globals';

import { playBackfill } from './backfill/play.ts';

test('a backfill that is killed again and again makes every partition once; the next makes exactly what is not', async () => {
  const about = { seed: 3, partitions: 10, failing: 2, kills: 3 };
  const { violations, told } = await playBackfill(about);
  expect([violations, told]).toEqual([[], expect.any(Array)]);
}, 420_000);
