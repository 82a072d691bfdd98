import { expect, test } from '@jest/globals';

import { eventsBetween, growView } from '../../src/model/view.ts';

import type { RunEvent } from '../../src/model/events.ts';
import type { Outcome } from '../../src/model/outcome.ts';

const started = (ids: readonly string[]): RunEvent => ({
  ...{ type: 'run_started', atMs: 1 },
  shape: {
    ...{ job: 'j', profile: 'p' },
    steps: ids.map((id) => ({ id, kind: 'k', core: false, timeoutMs: 1 })),
  },
});
const begins = (step: string): RunEvent => ({ type: 'step_started', atMs: 2, step, attempt: 1 });
const ends = (step: string): RunEvent => ({
  ...{ type: 'step_ended', atMs: 3 },
  outcome: { step, kind: 'k', status: 'OK', endedAtMs: 3 } as Outcome,
});

test('shows what each step does, and what went wrong in its last attempt', () => {
  const { view, fold } = growView(0);
  fold(started(['a', 'b', 'constructor']));
  fold(begins('a'));
  fold({
    ...{ type: 'attempt_ended', atMs: 3, step: 'a', attempt: 1, result: 'fail' },
    reason: '漢'.repeat(9_000),
  });
  fold(ends('b'));
  expect(view.steps.map(({ id, state }) => [id, state])).toEqual([
    ['a', 'retrying'],
    ['b', 'ended'],
    ['constructor', 'waiting'],
  ]);
  expect(Buffer.byteLength(view.steps[0]?.trouble ?? '')).toBeLessThanOrEqual(200);
  fold({ type: 'run_ended', atMs: 9, status: 'OK', durationMs: 8 });
  expect(view).toMatchObject({ startedAtMs: 1, status: 'OK', endedAtMs: 9 });
});

test('repeated events and steps it does not know change nothing', () => {
  const { view, fold } = growView(0);
  fold(started(['a']));
  fold(ends('a'));
  const before = JSON.stringify(view);
  for (const event of [ends('a'), begins('a'), begins('other')]) fold(event);
  expect(JSON.stringify(view)).toBe(before);
});

test('an event touches the one step it tells of', () => {
  const { view, fold } = growView(0);
  fold(started(['a', 'b']));
  const [, other] = view.steps;
  fold(begins('a'));
  expect(view.steps[1]).toBe(other);
});

test('two copies of it tell what happened between them', () => {
  const { view, fold } = growView(0);
  fold(started(['a', 'b']));
  const before = structuredClone(view);
  fold(ends('a'));
  fold(begins('b'));
  expect(eventsBetween(before, structuredClone(view)).map(({ type }) => type)).toEqual([
    'step_ended',
    'step_started',
  ]);
});
