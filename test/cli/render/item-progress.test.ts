import { expect, test } from '@jest/globals';

import { makeItemProgress } from '../../../src/cli/render/item-progress.ts';
import { growView } from '../../../src/model/view.ts';

import type { RunEvent } from '../../../src/model/events.ts';

const step = { kind: 'transform.sql', core: false, timeoutMs: 1 };
const shape = { job: 'j', profile: 'p', steps: [{ ...step, id: 'score' }] };

/** The lines that a run's events are worth. */
function told(events: readonly RunEvent[]): readonly string[] {
  const progress = makeItemProgress();
  const { fold, view } = growView(0);
  return events.flatMap((event) => {
    fold(event);
    return progress(event, view) ?? [];
  });
}

const begun: readonly RunEvent[] = [
  { type: 'run_started', atMs: 0, shape },
  { type: 'step_started', atMs: 0, step: 'score', attempt: 1 },
  { type: 'items_found', atMs: 0, step: 'score', total: 1200, counts: { CACHED: 100 } },
];
const endedAt = (atMs: number, status: 'OK' | 'FAIL' = 'OK'): RunEvent => ({
  type: 'item_ended',
  atMs,
  step: 'score',
  item: 1,
  status,
});

test('once a minute a log says how many of the items have ended', () => {
  const lines = told([
    ...begun,
    endedAt(1_000),
    endedAt(59_999, 'FAIL'),
    endedAt(60_000),
    endedAt(61_000),
    { type: 'items_ended', atMs: 125_000, step: 'score', counts: { OK: 900 } },
  ]);
  expect(lines).toEqual([
    '  score: 103/1,200 items, 1 failed',
    '  score: 1,004/1,200 items, 1 failed',
  ]);
});

test('a step that is done within a minute is told of by its outcome alone', () => {
  expect(told([...begun, endedAt(1_000), endedAt(2_000)])).toEqual([]);
});

test('a step within a profile is told of by its name in the run', () => {
  const inside = { within: 'north', profile: 'shop' };
  const part = { type: 'items_found', step: 'score', total: 5, counts: {}, inside } as const;
  const lines = told([
    {
      type: 'run_started',
      atMs: 0,
      shape: { ...shape, steps: [{ ...step, id: 'north' }], nested: [shape] },
    },
    { type: 'step_started', atMs: 0, step: 'north', attempt: 1, isProfile: true },
    { type: 'step_started', atMs: 0, step: 'score', attempt: 1, inside },
    { ...part, atMs: 0 },
    { ...endedAt(60_000), inside } as RunEvent,
  ]);
  expect(lines).toEqual(['  north/score: 1/5 items']);
});
