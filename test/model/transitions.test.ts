import { expect, test } from '@jest/globals';

import { graphOf, newRunState } from '../../src/model/run-state.ts';
import { begin, onAttempted, onDue, onStop, startNext } from '../../src/model/transitions.ts';
import { failed } from '../../src/model/endings.ts';
import { failure } from '../../src/model/failure.ts';
import { FAIL, FATAL, LOST, OK, planOf, stepOf, TIMEOUT } from './world.ts';

import type { Attempted } from '../../src/model/endings.ts';
import type { Plan } from '../../src/model/plan.ts';
import type { RunState } from '../../src/model/run-state.ts';
import type { Turn } from '../../src/model/transitions.ts';

const PLAN = planOf([
  stepOf('a', { retry: { attempts: 2, backoffMs: 10, factor: 2, maxBackoffMs: 99 } }),
  stepOf('b', { needs: ['a'] }),
]);

function turnOf(state: RunState, nowMs: number, plan: Plan = PLAN): Turn {
  return { graph: graphOf(plan), state, nowMs, told: [] };
}

/** A run whose first step runs since 100. */
function running(): RunState {
  const state = newRunState(PLAN);
  const turn = turnOf(state, 100);
  begin(turn);
  expect(startNext(turn)).toBe(0);
  return state;
}

test.each<[string, Attempted, string, object]>([
  ['that went well', OK, 'ended', { outcome: { status: 'OK' } }],
  ['that failed', FAIL, 'pausing', { attempts: 1, dueMs: 160 }],
  ['that ran too long', TIMEOUT, 'pausing', { attempts: 1, dueMs: 160 }],
  ['that lost its worker', LOST, 'ready', { attempts: 0, lost: 1 }],
  ['that failed for good', FATAL, 'ended', { outcome: { status: 'FAIL', code: 'CHECK_FAILED' } }],
])('after an attempt %s its step is %s', (_what, attempted, state, expected) => {
  const run = running();
  onAttempted(turnOf(run, 150), 0, attempted);
  expect(run.steps[0]).toMatchObject({ state, ...expected });
  expect(run.running).toBe(0);
});

test('the duration is what the worker measured, and the own clock only where none answered', () => {
  const durationOf = (attempted: Attempted): unknown => {
    const run = running();
    onAttempted(turnOf(run, 150), 0, attempted);
    return run.steps[0]?.lastDurationMs;
  };
  expect(durationOf(failed(failure('SQL_ERROR', 'x', { durationMs: 7 })))).toBe(7);
  expect(durationOf(LOST)).toBe(50);
});

test('what a failure says arrives in the outcome', () => {
  const run = running();
  const why = failure('OUT_OF_SPACE', 'full', { hint: 'Free some.', exitCode: 3, log: '/l' });
  onAttempted(turnOf(run, 150), 0, failed(why));
  expect(run.steps[0]?.outcome).toMatchObject({
    ...{ status: 'FAIL', code: 'OUT_OF_SPACE', reason: 'full', hint: 'Free some.' },
    ...{ exitCode: 3, log: '/l' },
  });
  expect(run.steps[1]?.outcome).toMatchObject({ status: 'SKIPPED' });
});

test('a pause that is over makes ready once, and only what still pauses', () => {
  const run = running();
  onAttempted(turnOf(run, 150), 0, FAIL);
  onDue(turnOf(run, 160), 0);
  onDue(turnOf(run, 160), 0);
  expect(run.queue).toEqual([0]);
  onStop(turnOf(run, 161), 'cancelled');
  onDue(turnOf(run, 162), 0);
  expect(run.steps.map(({ outcome }) => outcome?.status)).toEqual(['CANCELLED', 'CANCELLED']);
  expect(startNext(turnOf(run, 163))).toBeUndefined();
});

test('only the first stop counts', () => {
  const run = running();
  onStop(turnOf(run, 150), 'budget');
  onStop(turnOf(run, 151), 'cancelled');
  onAttempted(turnOf(run, 152), 0, failed(failure('CANCELLED', 'x')));
  expect(run.steps.map(({ outcome }) => outcome?.status)).toEqual(['BUDGET_EXCEEDED', 'SKIPPED']);
});

test('a thousand failures with long messages stay far below what one answer may hold', () => {
  const plan = planOf(
    Array.from({ length: 1_000 }, (_, i) => stepOf(`s${i}`)),
    { concurrency: 1_000 },
  );
  const state = newRunState(plan);
  begin(turnOf(state, 1, plan));
  for (let i = 0; i < 1_000; i += 1) startNext(turnOf(state, 1, plan));
  const why = failure('COMMAND_FAILED', '漢'.repeat(9_000), { hint: 'h'.repeat(900) });
  for (let i = 0; i < 1_000; i += 1) onAttempted(turnOf(state, 2, plan), i, failed(why));
  expect(state.ended).toBe(1_000);
  const size = Buffer.byteLength(JSON.stringify(state));
  expect(size).toBeLessThan(1_700_000);
});
