import { expect, test } from '@jest/globals';

import { lookUpRun } from '../../src/model/look-up.ts';
import { FAIL, FATAL, OK, planOf, resultOf, stepOf } from './world.ts';

import type { Attempted } from '../../src/model/endings.ts';

const PLAN = planOf(
  [stepOf('a'), stepOf('b', { needs: ['a'], reads: ['a'] }), stepOf('c', { needs: ['b'] })],
  { concurrency: 1 },
);
const CACHED: Attempted = { ending: 'ok', result: resultOf({ cached: true }) };

const lookUp = (answers: Readonly<Record<string, Attempted>>, asked: string[] = []) =>
  lookUpRun(PLAN, {
    now: () => 7,
    find: async (step) => {
      asked.push(step.id);
      return answers[step.id];
    },
  });

test('answers a run whose steps are all known, with its events in order', async () => {
  const found = await lookUp({ a: CACHED, b: CACHED, c: OK });
  expect(found?.driven.outcomes.map(({ step, status }) => [step, status])).toEqual([
    ['a', 'CACHED'],
    ['b', 'CACHED'],
    ['c', 'OK'],
  ]);
  const ended = found?.events.flatMap((e) => (e.type === 'step_ended' ? e.outcome.step : []));
  expect(ended).toEqual(['a', 'b', 'c']);
});

test('answers nothing at all, and asks no further, as soon as one step is not known', async () => {
  const asked: string[] = [];
  expect(await lookUp({ a: CACHED }, asked)).toBeUndefined();
  expect(asked).toEqual(['a', 'b']);
});

test('a step that fails for good is known; one that would be tried again is not', async () => {
  expect((await lookUp({ a: FATAL }))?.driven.status).toBe('FAIL');
  expect(await lookUp({ a: FAIL })).toBeUndefined();
});

test('gives each step the results it reads', async () => {
  const seen: Record<string, readonly string[]> = {};
  await lookUpRun(PLAN, {
    now: () => 7,
    find: async (step, { inputs }) => {
      seen[step.id] = Object.keys(inputs);
      return CACHED;
    },
  });
  expect(seen).toEqual({ a: [], b: ['a'], c: [] });
});
