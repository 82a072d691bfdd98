import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { drive } from '../../src/model/drive.ts';
import { ENDINGS } from '../../src/model/endings.ts';
import { newRunState } from '../../src/model/run-state.ts';
import { CANCELLED, FAIL, FATAL, LOST, OK, planOf, resultOf, stepOf, TIMEOUT } from './world.ts';

import type { Answer, Driven } from '../../src/model/drive.ts';
import type { Attempted } from '../../src/model/endings.ts';
import type { RunEvent } from '../../src/model/events.ts';
import type { StopCause } from '../../src/model/outcome.ts';
import type { Plan } from '../../src/model/plan.ts';
import type { RunState } from '../../src/model/run-state.ts';

const ENDED: readonly Attempted[] = [
  ...[OK, OK, OK, FAIL, FATAL, TIMEOUT, LOST],
  { ending: 'ok', result: resultOf({ cached: true, values: { n: 3 } }) },
  { ending: 'ok', result: resultOf({ warning: 'hm', rowsOut: 2 }) },
];

type Script = {
  readonly plan: Plan;
  /** Decides how each attempt ends, and when. */
  readonly dice: readonly number[];
  readonly stop?: { readonly atMs: number; readonly cause: StopCause };
};

/**
 * Plays a run in a world that goes on whatever happens to its drive. Where `cuts` says so the drive leaves, its state
 * becomes text and back, and another drive goes on.
 */
async function play({ plan, dice, stop }: Script, cuts: (turn: number) => boolean) {
  const attempts = new Map<
    string,
    { atMs: number; ending: Attempted; answer: (answer: Answer) => void }
  >();
  const events: RunEvent[] = [];
  let pauses: { atMs: number; wake: () => void }[] = [];
  let nowMs = 0;
  let turn = 0;
  let hasStopped = stop === undefined;
  let state: RunState = newRunState(plan);
  let onStop: (cause: StopCause) => void = () => undefined;
  let last: Promise<Driven> | undefined;
  let left = false;

  const goOn = (): void => {
    left = false;
    pauses = [];
    last = drive(plan, state, {
      now: () => nowMs,
      attempt: (step, attempt, _inputs, answer) => {
        const key = `${step.id} ${attempt}`;
        const known = attempts.get(key);
        const die = dice[(Number(step.id.slice(1)) * 7 + attempt) % dice.length] ?? 0;
        const ending = ENDED[die % ENDED.length] as Attempted;
        attempts.set(key, { ...(known ?? { atMs: nowMs + 1 + die, ending }), answer });
      },
      pause: (ms, wake) => pauses.push({ atMs: nowMs + ms, wake }),
      abort: () => {
        for (const one of attempts.values()) Object.assign(one, { atMs: nowMs, ending: CANCELLED });
      },
      onStop: (listener) => (onStop = listener),
      emit: (told) => events.push(...told),
      leaves: () => (left = cuts((turn += 1))),
    });
  };

  goOn();
  while (state.ended < plan.steps.length) {
    const [key, attempt] = [...attempts].sort(([, a], [, b]) => a.atMs - b.atMs)[0] ?? [];
    const pause = pauses.toSorted((a, b) => a.atMs - b.atMs)[0];
    const atMs = Math.min(attempt?.atMs ?? Infinity, pause?.atMs ?? Infinity);
    if (!hasStopped && stop !== undefined && stop.atMs <= atMs) {
      hasStopped = true;
      nowMs = Math.max(nowMs, stop.atMs);
      onStop(stop.cause);
    } else if (key !== undefined && attempt !== undefined && attempt.atMs === atMs) {
      nowMs = atMs;
      attempts.delete(key);
      attempt.answer(attempt.ending);
    } else if (pause !== undefined) {
      nowMs = atMs;
      pauses = pauses.filter((each) => each !== pause);
      pause.wake();
    } else throw new Error('nothing goes on, and the run has not ended');
    if (!left) continue;
    state = JSON.parse(JSON.stringify(state)) as RunState;
    goOn();
  }
  return { driven: await last, events };
}

const die = fc.integer({ min: 0, max: 2 ** 30 });

const scripts: fc.Arbitrary<Script> = fc
  .record({
    shapes: fc.array(fc.record({ needs: fc.nat(), allow: fc.boolean(), reads: fc.boolean() }), {
      minLength: 1,
      maxLength: 12,
    }),
    concurrency: fc.integer({ min: 1, max: 4 }),
    onFailure: fc.constantFrom('continue' as const, 'stop' as const),
    dice: fc.array(die, { minLength: 30, maxLength: 30 }),
    stop: fc.option(
      fc.record({ atMs: fc.nat(2 ** 31), cause: fc.constantFrom('cancelled', 'budget') }),
      { nil: undefined },
    ),
  })
  .map(({ shapes, concurrency, onFailure, dice, stop }) => {
    const steps = shapes.map((shape, i) => {
      const needs = shapes.map((_, j) => `s${j}`).filter((_, j) => j < i && (shape.needs >> j) & 1);
      return stepOf(`s${i}`, {
        needs,
        reads: shape.reads ? needs : [],
        allowFailure: shape.allow,
        retry: { attempts: 3, backoffMs: 1009 * (i + 1), factor: 2, maxBackoffMs: 10 ** 9 },
      });
    });
    const plan = planOf(steps, { concurrency, onFailure });
    return { plan, dice, ...(stop === undefined ? {} : { stop }) };
  });

test('a run that is cut at any turns, its state made text and gone on with, ends and is told like an undisturbed one', async () => {
  await fc.assert(
    fc.asyncProperty(scripts, fc.array(fc.boolean(), { minLength: 1 }), async (script, cuts) => {
      const whole = await play(script, () => false);
      const cut = await play(script, (turn) => cuts[turn % cuts.length] === true);
      expect(cut.events).toEqual(whole.events);
      expect(cut.driven).toEqual(whole.driven);
    }),
    { numRuns: 300 },
  );
});

test('can be cut after every single turn', async () => {
  await fc.assert(
    fc.asyncProperty(scripts, async (script) => {
      const whole = await play(script, () => false);
      expect(await play(script, () => true)).toEqual(whole);
    }),
    { numRuns: 100 },
  );
});

test('leaving begins nothing more, and what was told is not told again', async () => {
  const plan = planOf([stepOf('s0'), stepOf('s1', { needs: ['s0'] })]);
  const state = newRunState(plan);
  const events: RunEvent[] = [];
  let answerIt: (answer: Answer) => void = () => undefined;
  const driven = await drive(plan, state, {
    now: () => 1,
    attempt: (_step, _attempt, _inputs, answer) => {
      answerIt = answer;
      queueMicrotask(() => answer(OK));
    },
    ...{ pause: () => undefined, abort: () => undefined, onStop: () => undefined },
    emit: (told) => events.push(...told),
    leaves: () => true,
  });
  expect(driven).toEqual({ complete: false, why: 'left' });
  answerIt(OK);
  expect(state.steps.map((step) => step.state)).toEqual(['ended', 'ready']);
  expect(events.map(({ type }) => type)).toEqual(['step_started', 'attempt_ended', 'step_ended']);
});

test('every ending of the table has an example among those that are played', () => {
  const played = new Set([...ENDED, CANCELLED].map(({ ending }) => ending));
  expect(played).toEqual(new Set(Object.keys(ENDINGS)));
});
