import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, expect, jest, test } from '@jest/globals';

import { keepAdopting } from '../../src/metrics/adopting.ts';
import { localTurn } from '../../src/store/local-turn.ts';
import { until } from '../harness/cli.ts';
import { memoryStore } from './facts.ts';

afterEach(() => void jest.useRealTimers());

test('a try that lasts until after the next one is due loses no lease: stopped, it is given back', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'builder-adopting-'));
  try {
    const turn = localTurn(join(folder, 'adopter'));
    const other = await turn.take();
    if (other === undefined) throw new Error('nobody else can have it');
    jest.useFakeTimers({ doNotFake: ['setTimeout', 'setImmediate', 'nextTick', 'queueMicrotask'] });
    const store = memoryStore();
    const adopting = await keepAdopting({ store, exporter: '9099', turn });
    expect(await store.adopter()).toBeUndefined();
    other.release();
    // Two tries are due before the first of them has got anywhere.
    jest.advanceTimersByTime(20_000);
    await until(async () => (await store.adopter()) === '9099', 'it adopts');
    expect(await turn.isTaken()).toBe(true);
    adopting.stop();
    expect(await turn.isTaken()).toBe(false);
  } finally {
    jest.useRealTimers();
    await rm(folder, { recursive: true, force: true });
  }
});
