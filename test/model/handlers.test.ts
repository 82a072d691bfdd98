/** Steps that run because of how others ended: `run_if`, and conditions on a status. */

import { expect, test } from '@jest/globals';

import { drive } from '../../src/model/drive.ts';
import { newRunState } from '../../src/model/run-state.ts';
import { driveAll, FAIL, makeWorld, OK, planOf, statuses, stepOf } from './world.ts';

import type { Given } from '../../src/model/run-state.ts';

const failing =
  (...ids: readonly string[]) =>
  (step: string) =>
    ids.includes(step) ? FAIL : OK;

const handler = (id: string, needs: readonly string[], runIf: 'failed' | 'always', about = {}) =>
  stepOf(id, { needs, heeds: needs, runIf, reuse: false, ...about });

const PLAN = planOf([
  stepOf('a'),
  stepOf('b', { needs: ['a'] }),
  handler('mourn', ['a', 'b'], 'failed'),
  handler('close', ['a', 'b'], 'always'),
  stepOf('after', { needs: ['mourn'] }),
]);

test('where nothing failed, only the step that always runs does, and the run is OK', async () => {
  const driven = await driveAll(PLAN, makeWorld(failing()).ports);

  expect(statuses(driven)).toEqual({
    a: 'OK',
    b: 'OK',
    mourn: 'SKIPPED',
    close: 'OK',
    after: 'OK',
  });
  expect(driven.outcomes.map(({ reason }) => reason)).toContain(
    'nothing failed that it waited for (run_if)',
  );
  expect(driven.status).toBe('OK');
});

test('a failure lets both run, and the run still ends FAIL', async () => {
  const driven = await driveAll(PLAN, makeWorld(failing('a')).ports);

  expect(statuses(driven)).toEqual({
    a: 'FAIL',
    b: 'SKIPPED',
    mourn: 'OK',
    close: 'OK',
    after: 'OK',
  });
  expect(driven.status).toBe('FAIL');
});

test('an allowed failure is none', async () => {
  const plan = planOf([stepOf('a', { allowFailure: true }), handler('mourn', ['a'], 'failed')]);
  const driven = await driveAll(plan, makeWorld(failing('a')).ports);

  expect(statuses(driven)).toEqual({ a: 'WARN', mourn: 'SKIPPED' });
});

test('it waits for all it needs, and begins after the last', async () => {
  const world = makeWorld();
  const driving = driveAll(
    planOf([stepOf('a'), stepOf('b'), handler('mourn', ['a', 'b'], 'failed')]),
    world.ports,
  );
  await world.end('a', FAIL);
  expect(world.started()).toEqual(['a', 'b']);
  await world.end('b', OK);
  expect(world.started()).toEqual(['a', 'b', 'mourn']);
  await world.end('mourn', OK);
  expect(statuses(await driving)).toEqual({ a: 'FAIL', b: 'OK', mourn: 'OK' });
});

test('what it reads of a failed step is not there, so it is skipped', async () => {
  const plan = planOf([stepOf('a'), handler('mourn', ['a'], 'always', { reads: ['a'] })]);
  const driven = await driveAll(plan, makeWorld(failing('a')).ports);

  expect(driven.outcomes[1]).toMatchObject({
    status: 'SKIPPED',
    reason: "reads 'a', which ended FAIL",
  });
});

test('a run that stops at a failure still runs its handlers', async () => {
  const plan = planOf(
    [
      stepOf('a'),
      stepOf('b', { needs: ['a'] }),
      stepOf('c', { needs: ['b'] }),
      handler('mourn', ['c'], 'failed'),
      handler('close', ['a', 'b', 'c'], 'always'),
    ],
    { onFailure: 'stop', concurrency: 1 },
  );
  const driven = await driveAll(plan, makeWorld(failing('a')).ports);

  expect(statuses(driven)).toEqual({
    a: 'FAIL',
    b: 'SKIPPED',
    c: 'SKIPPED',
    mourn: 'OK',
    close: 'OK',
  });
});

test('a run that is cancelled or out of time begins no handler', async () => {
  const world = makeWorld();
  const driving = drive(PLAN, newRunState(PLAN), world.ports);
  world.stop('cancelled');
  const driven = await driving;

  expect(driven.complete && statuses(driven)).toMatchObject({
    mourn: 'CANCELLED',
    close: 'CANCELLED',
  });
});

test('a condition on the status of a step decides, also where that step failed', async () => {
  const plan = planOf([
    stepOf('a'),
    stepOf('rescue', {
      needs: ['a'],
      heeds: ['a'],
      when: { value: { $ref: 'steps.a.status' }, equals: 'FAIL' },
    }),
    stepOf('go_on', {
      needs: ['a'],
      heeds: ['a'],
      when: { value: { $ref: 'steps.a.status' }, in: ['OK', 'CACHED'] },
    }),
  ]);

  expect(statuses(await driveAll(plan, makeWorld(failing('a')).ports))).toEqual({
    a: 'FAIL',
    rescue: 'OK',
    go_on: 'SKIPPED',
  });
  expect(statuses(await driveAll(plan, makeWorld(failing()).ports))).toEqual({
    a: 'OK',
    rescue: 'SKIPPED',
    go_on: 'OK',
  });
});

test('a handler is told how the steps ended that its options name, and why', async () => {
  const told: Given[] = [];
  const world = makeWorld(failing('a'));
  const plan = planOf([
    stepOf('a'),
    stepOf('b'),
    handler('mourn', ['a', 'b'], 'failed', { hears: ['a', 'b'] }),
  ]);
  await driveAll(plan, {
    ...world.ports,
    attempt: (step, attempt, given, answer) => {
      if (step.id === 'mourn') told.push(given);
      world.ports.attempt(step, attempt, given, answer);
    },
  });

  expect(told).toEqual([
    { inputs: {}, heard: { a: { status: 'FAIL', message: 'broke' }, b: { status: 'OK' } } },
  ]);
});
