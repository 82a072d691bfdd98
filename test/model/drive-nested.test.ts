import { expect, test } from '@jest/globals';

import { drive } from '../../src/model/drive.ts';
import { driveNested } from '../../src/model/drive-nested.ts';
import { nameIn } from '../../src/model/nested.ts';
import { makePlaces } from '../../src/model/places.ts';
import { newRunState } from '../../src/model/run-state.ts';
import { CANCELLED, FAIL, OK, planOf, resultOf, settled, stepOf, TIMEOUT } from './world.ts';

import type { Answer, Completed, DrivePorts } from '../../src/model/drive.ts';
import type { Attempted } from '../../src/model/endings.ts';
import type { RunEvent } from '../../src/model/events.ts';
import type { Outcome, StopCause } from '../../src/model/outcome.ts';
import type { NestedProfile, Plan, PlanStep } from '../../src/model/plan.ts';
import type { Given } from '../../src/model/run-state.ts';
import type { GiveInput } from '../../src/model/step-result.ts';

const GIVES_NOTHING = { outputs: {}, values: {} };

function profileOf(
  id: string,
  steps: readonly PlanStep[],
  about: Partial<PlanStep> = {},
  nested: Partial<NestedProfile> = {},
): PlanStep {
  return stepOf(id, {
    kind: 'profile',
    limitIsDefault: true,
    nested: {
      ...{ profile: 'inner', concurrency: 4, onFailure: 'continue', gives: GIVES_NOTHING, steps },
      ...nested,
    },
    ...about,
  });
}

/** Attempts end when the test says so, by their names in the run; a gift is made at once. */
function makeWorld() {
  const open = new Map<string, { readonly given: Given; tell(answer: Answer): void }>();
  const events: RunEvent[] = [];
  const gifts: GiveInput[] = [];
  const wakes: { readonly ms: number; wake(): void }[] = [];
  type Stops = Set<(cause: StopCause) => void>;
  let stop: (cause: StopCause) => void = () => undefined;
  let clock = 0;
  const endAll = (within: string): void => {
    for (const [name, { tell }] of [...open]) {
      if (!name.startsWith(within)) continue;
      open.delete(name);
      tell(CANCELLED);
    }
  };
  const attempt = (
    plan: Plan,
    step: PlanStep,
    given: Given,
    tell: (answer: Answer) => void,
    around: { readonly places: ReturnType<typeof makePlaces>; readonly stops: Stops },
  ): void => {
    const name = nameIn(plan.run.within, step.id);
    const { nested } = step;
    if (nested === undefined) return void open.set(name, { given, tell });
    const own = { ...around, stops: new Set() as Stops };
    const ports = {
      ...common,
      places: around.places,
      attempt: (of: Plan, each: PlanStep, _n: number, theirs: Given, then: (a: Answer) => void) =>
        attempt(of, each, theirs, then, own),
      onStop: (listener: (cause: StopCause) => void) => void around.stops.add(listener),
      abort: (cause: StopCause) => {
        for (const each of own.stops) each(cause);
        endAll(`${name}/`);
      },
      give: (input: GiveInput, then: (answer: Answer) => void) => {
        gifts.push(input);
        then({ ending: 'ok', result: resultOf({ fingerprint: `gift ${name}`, ...input.about }) });
      },
    };
    driveNested(plan, { ...step, nested }, given, ports, tell);
  };
  const common: Pick<DrivePorts, 'now' | 'pause' | 'emit'> = {
    now: () => (clock += 1),
    pause: (ms, wake) => void wakes.push({ ms, wake }),
    emit: (more) => void events.push(...more),
  };
  return {
    ...{ open, events, gifts, wakes },
    start: (plan: Plan) => {
      const around = { places: makePlaces(plan.concurrency), stops: new Set() as Stops };
      return drive(plan, newRunState(plan), {
        ...common,
        places: around.places,
        attempt: (step, _n, given, tell) => attempt(plan, step, given, tell, around),
        onStop: (listener) => void (stop = listener),
        abort: (cause) => {
          for (const each of around.stops) each(cause);
          endAll('');
        },
      }) as Promise<Completed>;
    },
    end: async (name: string, answer: Attempted) => {
      const found = open.get(name);
      if (found === undefined) throw new Error(`'${name}' is not running`);
      open.delete(name);
      found.tell(answer);
      await settled();
    },
    stop: async (cause: StopCause) => {
      stop(cause);
      await settled();
    },
    running: () => [...open.keys()],
  };
}

function told(outcomes: readonly Outcome[], within?: string): readonly string[] {
  return outcomes.flatMap(({ step, status, inner = [] }) => {
    const name = nameIn(within, step);
    return [`${name} ${status}`, ...told(inner, name)];
  });
}

test('a profile is done when all its steps are, and is tried once whatever they retry', async () => {
  const world = makeWorld();
  const retried = stepOf('a', {
    retry: { attempts: 2, backoffMs: 5, factor: 1, maxBackoffMs: 5 },
  });
  const driven = world.start(
    planOf([
      profileOf('in', [retried, stepOf('b', { needs: ['a'] })]),
      stepOf('c', { needs: ['in'] }),
    ]),
  );
  await world.end('in/a', FAIL);
  world.wakes.shift()?.wake();
  await world.end('in/a', OK);
  expect(world.running()).toEqual(['in/b']);
  await world.end('in/b', OK);
  await world.end('c', OK);
  const { outcomes } = await driven;
  expect(told(outcomes)).toEqual(['in OK', 'in/a OK', 'in/b OK', 'c OK']);
  expect(outcomes[0]).toMatchObject({ attempts: 1, inner: [{ attempts: 2 }, { attempts: 1 }] });
  expect(world.events).toContainEqual(
    expect.objectContaining({
      type: 'attempt_ended',
      step: 'in',
      result: 'ok',
      measured: { durationMs: expect.any(Number) },
    }),
  );
  expect(world.events).toContainEqual(
    expect.objectContaining({
      type: 'step_ended',
      inside: { within: 'in', profile: 'inner' },
      outcome: expect.objectContaining({ step: 'b' }),
    }),
  );
});

test.each([
  ['FAIL', FAIL, "step 'a' of profile inner ended FAIL: broke", 'STEP_FAILED'],
  ['TIMEOUT', TIMEOUT, "step 'a' of profile inner ended TIMEOUT: too long", 'STEP_TIMEOUT'],
] as const)(
  'ends %s with the step in it that did, says which, and runs the rest of it',
  async (status, ending, reason, code) => {
    const world = makeWorld();
    const driven = world.start(
      planOf([
        profileOf('in', [stepOf('a'), stepOf('b'), stepOf('c', { needs: ['a'] })]),
        stepOf('after', { needs: ['in'] }),
      ]),
    );
    await world.end('in/a', ending);
    await world.end('in/b', OK);
    const { outcomes } = await driven;
    expect(told(outcomes)).toEqual([
      ...[`in ${status}`, `in/a ${status}`, 'in/b OK', 'in/c SKIPPED', 'after SKIPPED'],
    ]);
    expect(outcomes[0]).toMatchObject({ reason, code });
    expect(world.gifts).toEqual([]);
  },
);

test('is CACHED only if nothing in it was executed, and WARN if a step in it is', async () => {
  const world = makeWorld();
  const driven = world.start(
    planOf(
      [
        profileOf('all', [stepOf('a'), stepOf('b')]),
        profileOf('some', [stepOf('a'), stepOf('b')]),
        profileOf('warned', [stepOf('a')]),
      ],
      { concurrency: 5 },
    ),
  );
  const cached: Attempted = { ending: 'ok', result: resultOf({ cached: true }) };
  await world.end('all/a', cached);
  await world.end('all/b', cached);
  await world.end('some/a', cached);
  await world.end('some/b', OK);
  await world.end('warned/a', { ending: 'ok', result: resultOf({ warning: 'odd' }) });
  const { outcomes } = await driven;
  expect(outcomes.map(({ step, status }) => `${step} ${status}`)).toEqual([
    ...['all CACHED', 'some OK', 'warned WARN'],
  ]);
  expect(outcomes[2]).toMatchObject({ reason: "step 'a': odd" });
  const measured = world.events.flatMap((event) =>
    event.type === 'attempt_ended' && event.measured !== undefined ? [event.step] : [],
  );
  expect(measured).toEqual(['some', 'warned']);
});

test('is given results of the steps around it by their paths, also two profiles deep', async () => {
  const world = makeWorld();
  const value = { $ref: 'steps.^count.values.n' };
  const beside = { $ref: 'steps.^in/own.values.n' };
  const deep = stepOf('deep', { options: { value, beside } });
  const plan = planOf([
    stepOf('count'),
    stepOf('other'),
    profileOf(
      'in',
      [
        stepOf('own', { takes: { given: { step: 'other', output: 'table' } } }),
        profileOf('more', [deep], { needs: ['own'], reads: ['own'] }),
      ],
      { needs: ['count', 'other'], reads: ['count', 'other'] },
    ),
  ]);
  const driven = world.start(plan);
  await world.end('count', { ending: 'ok', result: resultOf({ fingerprint: 'count' }) });
  await world.end('other', { ending: 'ok', result: resultOf({ fingerprint: 'other' }) });
  expect(world.open.get('in/own')?.given).toEqual({
    inputs: {},
    outer: { other: resultOf({ fingerprint: 'other' }) },
  });
  await world.end('in/own', { ending: 'ok', result: resultOf({ fingerprint: 'own' }) });
  expect(world.open.get('in/more/deep')?.given.outer).toEqual({
    count: resultOf({ fingerprint: 'count' }),
    'in/own': resultOf({ fingerprint: 'own' }),
  });
  await world.end('in/more/deep', OK);
  expect((await driven).status).toBe('OK');
});

test('a condition in it looks at what it is given', async () => {
  const world = makeWorld();
  const when = { value: { $ref: 'steps.^count.values.n' }, above: 5 };
  const driven = world.start(
    planOf([
      stepOf('count'),
      profileOf('in', [stepOf('a', { when }), stepOf('b', { when: { not: when } })], {
        needs: ['count'],
        reads: ['count'],
      }),
    ]),
  );
  await world.end('count', { ending: 'ok', result: resultOf({ values: { n: 6 } }) });
  await world.end('in/a', OK);
  expect(told((await driven).outcomes)).toEqual(['count OK', 'in OK', 'in/a OK', 'in/b SKIPPED']);
});

test('who reads what it did not make is skipped, who only needs it runs', async () => {
  const world = makeWorld();
  const gives = { outputs: { table: { step: 'a', output: 'table' } }, values: {} };
  const driven = world.start(
    planOf([
      profileOf('in', [stepOf('a', { allowFailure: true })], {}, { gives }),
      stepOf('reads', { needs: ['in'], reads: ['in'] }),
      stepOf('needs', { needs: ['in'] }),
    ]),
  );
  await world.end('in/a', FAIL);
  await world.end('needs', OK);
  const { outcomes } = await driven;
  expect(told(outcomes)).toEqual(['in WARN', 'in/a WARN', 'reads SKIPPED', 'needs OK']);
  expect(outcomes[1]?.reason).toBe(
    "reads 'in', which has not all to give: step 'a' in it ended WARN and made nothing",
  );
});

test('its time limit stops what runs in it and nothing else', async () => {
  const world = makeWorld();
  const limited = { timeoutMs: 70, limitIsDefault: undefined } as unknown as Partial<PlanStep>;
  const driven = world.start(
    planOf([
      profileOf('in', [stepOf('a'), stepOf('b', { needs: ['a'] })], limited),
      stepOf('beside'),
    ]),
  );
  expect(world.wakes.map(({ ms }) => ms)).toEqual([70]);
  world.wakes[0]?.wake();
  await settled();
  expect(world.running()).toEqual(['beside']);
  await world.end('beside', OK);
  const { outcomes, status } = await driven;
  expect(told(outcomes)).toEqual(['in TIMEOUT', 'in/a TIMEOUT', 'in/b SKIPPED', 'beside OK']);
  expect(outcomes[0]).toMatchObject({ code: 'STEP_TIMEOUT' });
  expect(status).toBe('TIMEOUT');
});

test.each([
  ['cancelled', 'CANCELLED', 'CANCELLED'],
  ['budget', 'BUDGET_EXCEEDED', 'SKIPPED'],
] as const)(
  'a run that is stopped (%s) ends the steps in it as it ends its own',
  async (cause, begun, waiting) => {
    const world = makeWorld();
    const driven = world.start(
      planOf([
        profileOf('in', [
          stepOf('a'),
          stepOf('b', { needs: ['a'] }),
          profileOf('deep', [stepOf('a')]),
        ]),
        stepOf('after', { needs: ['in'] }),
      ]),
    );
    await world.stop(cause);
    const { outcomes, status } = await driven;
    expect(told(outcomes)).toEqual([
      ...[`in ${begun}`, `in/a ${begun}`, `in/b ${waiting}`],
      ...[`in/deep ${begun}`, `in/deep/a ${begun}`, `after ${waiting}`],
    ]);
    expect(status).toBe(begun);
  },
);

test('at most as many steps run at once as the run allows, wherever they are', async () => {
  const world = makeWorld();
  const steps = ['a', 'b', 'c'].map((id) => stepOf(id));
  const driven = world.start(
    planOf(
      [profileOf('one', steps), profileOf('two', steps, {}, { concurrency: 1 }), stepOf('z')],
      {
        concurrency: 2,
      },
    ),
  );
  let most = 0;
  while (world.running().length > 0) {
    most = Math.max(most, world.running().length);
    await world.end(world.running()[0]!, OK);
  }
  expect(most).toBe(2);
  expect(told((await driven).outcomes).filter((line) => line.endsWith(' OK'))).toHaveLength(9);
});
