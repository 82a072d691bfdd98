import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { MAX_LOST } from '../../src/model/endings.ts';
import {
  driveAll,
  FAIL,
  FATAL,
  LOST,
  makeWorld,
  OK,
  planOf,
  resultOf,
  settled,
  statuses,
  stepOf,
  TIMEOUT,
} from './world.ts';

import type { Completed, DrivePorts } from '../../src/model/drive.ts';
import type { Attempted } from '../../src/model/endings.ts';
import type { PlanStep } from '../../src/model/plan.ts';

test('starts a step the moment its own needs are done, without waiting for a level', async () => {
  const world = makeWorld();
  const driven = driveAll(
    planOf([
      stepOf('slow'),
      stepOf('fast'),
      stepOf('after_fast', { needs: ['fast'] }),
      stepOf('both', { needs: ['slow', 'after_fast'] }),
    ]),
    world.ports,
  );
  await world.end('fast', OK);
  expect([...world.open.keys()]).toEqual(['slow', 'after_fast']);
  await world.end('after_fast', OK);
  await world.end('slow', OK);
  await world.end('both', OK);
  expect((await driven).status).toBe('OK');
});

test('skips what a failed step feeds, and runs the rest', async () => {
  const world = makeWorld((step) => (step === 'bad' ? FAIL : OK));
  const driven = await driveAll(
    planOf([
      stepOf('bad'),
      stepOf('fed', { needs: ['bad'] }),
      stepOf('fed_twice', { needs: ['fed'] }),
      stepOf('other'),
    ]),
    world.ports,
  );
  expect(statuses(driven)).toEqual({
    bad: 'FAIL',
    fed: 'SKIPPED',
    fed_twice: 'SKIPPED',
    other: 'OK',
  });
  expect(driven.status).toBe('FAIL');
  expect(driven.outcomes[1]?.reason).toBe("needs 'bad', which ended FAIL");
});

test('an allowed failure is WARN; its readers are skipped, those who only need it run', async () => {
  const world = makeWorld((step) => (step === 'maybe' ? FAIL : OK));
  const driven = await driveAll(
    planOf([
      stepOf('maybe', { allowFailure: true }),
      stepOf('reader', { needs: ['maybe'], reads: ['maybe'] }),
      stepOf('after_reader', { needs: ['reader'] }),
      stepOf('needer', { needs: ['maybe'] }),
    ]),
    world.ports,
  );
  expect(statuses(driven)).toEqual({
    maybe: 'WARN',
    reader: 'SKIPPED',
    after_reader: 'OK',
    needer: 'OK',
  });
  expect(driven.status).toBe('WARN');
});

test('a false condition skips the step and what reads it, and the run is OK', async () => {
  const world = makeWorld((step) =>
    step === 'count' ? { ending: 'ok', result: resultOf({ values: { rows: 0 } }) } : OK,
  );
  const driven = await driveAll(
    planOf([
      stepOf('count'),
      stepOf('only_if_rows', {
        needs: ['count'],
        reads: ['count'],
        when: { value: { $ref: 'steps.count.values.rows' }, above: 0 },
      }),
      stepOf('reads_it', { needs: ['only_if_rows'], reads: ['only_if_rows'] }),
      stepOf('off', { when: { value: false } }),
    ]),
    world.ports,
  );
  expect(statuses(driven)).toEqual({
    count: 'OK',
    only_if_rows: 'SKIPPED',
    reads_it: 'SKIPPED',
    off: 'SKIPPED',
  });
  expect(driven.status).toBe('OK');
});

test('retries with growing pauses up to the bound, and a time-out is a failed attempt', async () => {
  const world = makeWorld((_, attempt) => (attempt === 1 ? FAIL : attempt === 2 ? TIMEOUT : OK));
  const retry = { attempts: 3, backoffMs: 10, factor: 3, maxBackoffMs: 1000 };
  const driven = await driveAll(planOf([stepOf('a', { retry })]), world.ports);
  expect(world.paused).toEqual([10, 30]);
  expect(driven.outcomes[0]).toMatchObject({ status: 'OK', attempts: 3, lost: 0 });
});

test('a bound on all attempts together cuts the last one, and lets none begin after it', async () => {
  const retry = { attempts: 9, backoffMs: 10, factor: 1, maxBackoffMs: 10, maxDurationMs: 100 };
  const limits: (number | undefined)[] = [];
  let nowMs = 0;
  const world = makeWorld(() => FAIL);
  const driven = await driveAll(planOf([stepOf('a', { retry, timeoutMs: 80 })]), {
    ...world.ports,
    now: () => nowMs,
    attempt: (step, attempt, given, answer) => {
      limits.push(given.limitMs);
      nowMs += 35;
      world.ports.attempt(step, attempt, given, answer);
    },
    pause: (ms, wake) => {
      nowMs += ms;
      wake();
    },
  });

  expect(limits).toEqual([undefined, 55, 10]);
  expect(driven.outcomes[0]).toMatchObject({ status: 'FAIL', attempts: 3 });
});

test('does not retry a mistake in the definition or the data', async () => {
  const world = makeWorld(() => FATAL);
  const retry = { attempts: 5, backoffMs: 10, factor: 3, maxBackoffMs: 1000 };
  const driven = await driveAll(planOf([stepOf('a', { retry })]), world.ports);
  expect(driven.outcomes[0]).toMatchObject({ status: 'FAIL', attempts: 1, code: 'CHECK_FAILED' });
});

test('a lost worker costs no attempt, up to its own bound', async () => {
  const twice = makeWorld((_, attempt) => (attempt <= 2 ? LOST : OK));
  expect((await driveAll(planOf([stepOf('a')]), twice.ports)).outcomes[0]).toMatchObject({
    status: 'OK',
    attempts: 1,
    lost: 2,
  });
  const always = makeWorld(() => LOST);
  expect((await driveAll(planOf([stepOf('a')]), always.ports)).outcomes[0]).toMatchObject({
    status: 'FAIL',
    code: 'WORKER_LOST',
    attempts: 0,
    lost: MAX_LOST + 1,
  });
});

test('the last time-out decides: TIMEOUT', async () => {
  const world = makeWorld(() => TIMEOUT);
  const driven = await driveAll(planOf([stepOf('a')]), world.ports);
  expect(statuses(driven)).toEqual({ a: 'TIMEOUT' });
  expect(driven.status).toBe('TIMEOUT');
});

test('a step that waits for its retry holds no place', async () => {
  const world = makeWorld();
  const retry = { attempts: 2, backoffMs: 10, factor: 1, maxBackoffMs: 10 };
  const driven = driveAll(
    planOf([stepOf('a', { retry }), stepOf('b')], { concurrency: 1 }),
    world.ports,
  );
  await world.end('a', FAIL);
  expect([...world.open.keys()]).toEqual(['b']);
  await world.wake();
  expect([...world.open.keys()]).toEqual(['b']);
  await world.end('b', OK);
  await world.end('a', OK);
  expect((await driven).status).toBe('OK');
});

test.each([
  ['cancelled', { done: 'OK', running: 'CANCELLED', waiting: 'CANCELLED' }, 'CANCELLED'],
  ['budget', { done: 'OK', running: 'BUDGET_EXCEEDED', waiting: 'SKIPPED' }, 'BUDGET_EXCEEDED'],
] as const)('a stop by %s ends running and waiting steps', async (cause, expected, status) => {
  const world = makeWorld();
  const driven = driveAll(
    planOf([stepOf('done'), stepOf('running'), stepOf('waiting', { needs: ['running'] })]),
    world.ports,
  );
  await world.end('done', OK);
  world.stop(cause);
  expect(statuses(await driven)).toEqual(expected);
  expect((await driven).status).toBe(status);
});

test('on_failure: stop skips what has not begun and lets the running ones finish', async () => {
  const world = makeWorld();
  const driven = driveAll(
    planOf([stepOf('bad'), stepOf('beside'), stepOf('later', { needs: ['beside'] })], {
      onFailure: 'stop',
    }),
    world.ports,
  );
  await world.end('bad', FAIL);
  await world.end('beside', OK);
  expect(statuses(await driven)).toEqual({ bad: 'FAIL', beside: 'OK', later: 'SKIPPED' });
});

const ENDINGS: readonly Attempted[] = [
  OK,
  OK,
  OK,
  FAIL,
  FATAL,
  TIMEOUT,
  LOST,
  { ending: 'ok', result: resultOf({ cached: true }) },
  { ending: 'ok', result: resultOf({ warning: 'hm' }) },
];

test('for any graph, any endings and any stop: needs first, bound kept, one outcome each', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ needs: fc.nat(), allow: fc.boolean(), reads: fc.boolean() }), {
        minLength: 1,
        maxLength: 14,
      }),
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.nat(), { minLength: 40, maxLength: 40 }),
      fc.option(fc.record({ at: fc.nat(20), cause: fc.constantFrom('cancelled', 'budget') })),
      fc.constantFrom('continue', 'stop'),
      async (shapes, concurrency, dice, stop, onFailure) => {
        const steps = shapes.map((shape, i) => {
          const needs = shapes
            .map((_, j) => `s${j}`)
            .filter((_, j) => j < i && (shape.needs >> j) & 1);
          return stepOf(`s${i}`, {
            needs,
            reads: shape.reads ? needs : [],
            allowFailure: shape.allow,
            retry: { attempts: 2, backoffMs: 1, factor: 1, maxBackoffMs: 1 },
          });
        });
        const world = makeWorld();
        const order: string[] = [];
        let most = 0;
        const ports: DrivePorts = {
          ...world.ports,
          attempt: (step, attempt, inputs, answer) => {
            order.push(step.id);
            world.ports.attempt(step, attempt, inputs, answer);
            most = Math.max(most, world.open.size);
          },
        };
        let finished: Completed | undefined;
        void driveAll(planOf(steps, { concurrency, onFailure: onFailure }), ports).then(
          (d) => (finished = d),
        );
        let turn = 0;
        let startedAtStop: number | undefined;
        for (; finished === undefined && turn < 400; turn += 1) {
          await settled();
          if (stop !== null && turn === stop.at) {
            startedAtStop = order.length;
            world.stop(stop.cause);
            continue;
          }
          const ids = [...world.open.keys()];
          const pick = dice[turn % dice.length] ?? 0;
          if (ids.length > 0) {
            await world.end(
              ids[pick % ids.length] as string,
              ENDINGS[pick % ENDINGS.length] as Attempted,
            );
          } else {
            await world.wake();
          }
        }
        expect(finished).toBeDefined();
        const { outcomes, status } = finished as Completed;
        expect(outcomes.map((o) => o.step)).toEqual(steps.map((s) => s.id));
        expect(most).toBeLessThanOrEqual(concurrency);
        if (startedAtStop !== undefined) expect(order.length).toBe(startedAtStop);
        const ended: string[] = [];
        for (const event of world.events) {
          if (event.type === 'step_ended') ended.push(event.outcome.step);
          if (event.type === 'step_started') {
            const { needs } = steps.find((s) => s.id === event.step) as PlanStep;
            expect(ended).toEqual(expect.arrayContaining([...needs]));
          }
        }
        expect([...ended].sort()).toEqual(steps.map((s) => s.id).sort());
        const bad = outcomes.some((o) => o.status === 'FAIL');
        if (bad) expect(status).toBe('FAIL');
        if (status === 'OK') {
          expect(outcomes.every((o) => ['OK', 'CACHED', 'SKIPPED'].includes(o.status))).toBe(true);
        }
      },
    ),
    { numRuns: 150 },
  );
}, 60_000);
