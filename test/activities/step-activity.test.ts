import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { z } from 'zod';

import { makeGoingOn } from '../../src/activities/going-on.ts';
import { makeStepActivities } from '../../src/activities/step-activity.ts';
import { makeStopping } from '../../src/activities/stopping.ts';
import { defineStep } from '../../src/kinds/contract.ts';
import { UserError } from '../../src/model/errors.ts';
import { StepError } from '../../src/model/step-error.ts';
import { openLocalStore } from '../../src/store/local.ts';

import type { StepContext, StepReturn } from '../../src/kinds/contract.ts';
import type { Failure } from '../../src/model/failure.ts';
import type { StepInput } from '../../src/model/step-result.ts';
import type { Store } from '../../src/store/store.ts';
import type { Stopping } from '../../src/activities/stopping.ts';

type Thrown = Error & {
  readonly type?: string;
  readonly nonRetryable?: boolean;
  readonly details?: readonly Failure[];
  readonly cause?: Error;
};

/** What the activity of a step throws; `run` is the work of its kind. */
async function thrownBy(
  run: (ctx: StepContext) => Promise<StepReturn>,
  about: {
    readonly store?: Partial<Store>;
    readonly timeoutMs?: number;
    readonly limitIsDefault?: true;
    readonly stopping?: Stopping;
    readonly meanwhile?: (env: MockActivityEnvironment) => void;
  } = {},
): Promise<Thrown> {
  const root = await mkdtemp(join(tmpdir(), 'builder-step-activity-'));
  const store = { ...(await openLocalStore(join(root, 'store'))), ...about.store };
  const kind = defineStep<object>({
    ...{ kind: 'test.kind', version: '1', summary: '', schema: z.strictObject({}) },
    run: (_options, ctx) => run(ctx),
  });
  const activities = makeStepActivities(
    [kind],
    {
      store,
      attemptsRoot: join(root, 'attempts'),
      runFolder: (id: string) => join(root, 'runs', id),
      env: {},
      secret: () => undefined,
      limits: () => ({ memoryBytes: 2 ** 28, threads: 1 }),
      bootId: store.bootId,
    },
    {
      heartbeatEveryMs: 1_000,
      stopping: about.stopping ?? makeStopping(),
      goingOn: makeGoingOn(),
    },
  );
  const input: StepInput = {
    run: { id: 'r', generation: 1, job: 'j', profile: 'p', date: '2026-01-31', previousRows: {} },
    step: {
      ...{ id: 's', kind: 'test.kind', needs: [], reads: [], options: {}, heartbeatMs: 15_000 },
      timeoutMs: about.timeoutMs ?? 60_000,
      ...(about.limitIsDefault === undefined ? {} : { limitIsDefault: about.limitIsDefault }),
      retry: { attempts: 1, backoffMs: 1, factor: 1, maxBackoffMs: 1 },
      ...{ core: false, allowFailure: false, reuse: true },
    },
    ...{ attempt: 1, concurrency: 1, inputs: {} },
  };
  const env = new MockActivityEnvironment();
  try {
    const running = env.run(activities['test.kind']!, input);
    about.meanwhile?.(env);
    await running;
    throw new Error('the attempt did not fail');
  } catch (error) {
    return error as Thrown;
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

const untilStopped = ({ signal }: StepContext): Promise<never> =>
  new Promise((_, reject) => {
    const stop = (): void => reject(new Error('stopped'));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });

test('a full disk under the store ends the step at once, with its code and what to do', async () => {
  const full = new UserError('OUT_OF_SPACE', 'cannot write x: the disk is full', { hint: 'Free.' });
  const thrown = await thrownBy(async () => ({}), {
    store: { putResult: () => Promise.reject(full) },
  });
  expect(thrown).toMatchObject({ type: 'OUT_OF_SPACE', nonRetryable: true });
  expect(thrown.details?.[0]).toMatchObject({
    ...{ code: 'OUT_OF_SPACE', message: 'cannot write x: the disk is full', hint: 'Free.' },
    ...{ retryable: false, log: expect.stringMatching(/logs\/s\.log$/) },
  });
  expect(thrown.details?.[0]?.durationMs).toBeGreaterThan(0);
});

test('a full disk under the work itself is told in the same words', async () => {
  const thrown = await thrownBy(() =>
    Promise.reject(Object.assign(new Error('ENOSPC: write'), { code: 'ENOSPC', path: '/w/t.csv' })),
  );
  expect(thrown.details?.[0]).toMatchObject({
    code: 'OUT_OF_SPACE',
    message: 'cannot write the files of this step /w/t.csv: the disk is full',
    hint: expect.stringContaining('resume'),
  });
});

test('a failure of the world is retried, and a long one travels short', async () => {
  const thrown = await thrownBy(() => Promise.reject(new Error('漢'.repeat(100_000))));
  expect(thrown).toMatchObject({ type: 'STEP_FAILED', nonRetryable: false });
  expect(Buffer.byteLength(JSON.stringify(thrown.details))).toBeLessThan(3_000);
  expect(Buffer.byteLength(thrown.cause?.stack ?? '')).toBeLessThan(5_000);
});

test('the checks that failed go with the failure', async () => {
  const thrown = await thrownBy(() =>
    Promise.reject(new StepError('CHECK_FAILED', 'bad', { failedChecks: ['not_null(id)'] })),
  );
  expect(thrown.details?.[0]).toMatchObject({ exitCode: 4, failedChecks: ['not_null(id)'] });
});

test('an attempt that its limit ended is a time-out, one that was cancelled is none', async () => {
  const late = await thrownBy(untilStopped, { timeoutMs: 20 });
  expect(late.details?.[0]).toMatchObject({ code: 'STEP_TIMEOUT', retryable: true });
  const cancelled = await thrownBy(untilStopped, { meanwhile: (env) => env.cancel() });
  expect(cancelled).toMatchObject({ name: 'CancelledFailure' });
  expect(cancelled.details?.[0]).toMatchObject({ code: 'CANCELLED' });
});

test('a limit that nobody asked for counts from the last progress, one that somebody did from the start', async () => {
  /** Works three limits long and tells of it all the time; then fails by itself, unless it was ended. */
  const work = async (ctx: StepContext): Promise<StepReturn> => {
    const end = performance.now() + 900;
    while (performance.now() < end) {
      ctx.signal.throwIfAborted();
      ctx.progress?.();
      await new Promise((done) => setTimeout(done, 20));
    }
    throw new StepError('BAD_INPUT_DATA', 'it came to its own end');
  };
  const about = { timeoutMs: 300 };
  expect((await thrownBy(work, { ...about, limitIsDefault: true })).type).toBe('BAD_INPUT_DATA');
  expect((await thrownBy(work, about)).type).toBe('STEP_TIMEOUT');
  const silent = async (ctx: StepContext): Promise<StepReturn> => {
    await new Promise((_done, fail) => {
      ctx.signal.addEventListener('abort', () => fail(new Error('ended')));
    });
    throw new Error('unreachable');
  };
  expect((await thrownBy(silent, { ...about, limitIsDefault: true })).type).toBe('STEP_TIMEOUT');
});

test('an attempt whose run is being stopped ends at once, in words the server takes unasked', async () => {
  const stopping = makeStopping();
  const stop = (): void => stopping.stop({ id: 'r', generation: 1 });
  for (const early of [true, false]) {
    if (early) stop();
    const told = await thrownBy(untilStopped, { stopping, meanwhile: stop });
    expect(told).toMatchObject({ name: 'ApplicationFailure', type: 'CANCELLED' });
    expect(told.details?.[0]).toMatchObject({ code: 'CANCELLED' });
  }
});
