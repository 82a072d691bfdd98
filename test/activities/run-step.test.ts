import { copyFile, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';
import { z } from 'zod';

import { runStep } from '../../src/activities/run-step.ts';
import { defineStep } from '../../src/kinds/contract.ts';
import { StepError } from '../../src/model/step-error.ts';
import { openLocalStore } from '../../src/store/local.ts';

import type { AnyStepDefinition, StepContext, StepReturn } from '../../src/kinds/contract.ts';
import type { StepInput, StepResult } from '../../src/model/step-result.ts';
import type { Store } from '../../src/store/store.ts';

/** A kind that declares one output, `table`, and does what `run` says. */
function kindThat(
  run: (ctx: StepContext) => Promise<StepReturn>,
  sources: readonly string[] = [],
): AnyStepDefinition {
  return defineStep<object>({
    kind: 'test.kind',
    version: '1',
    summary: '',
    schema: z.strictObject({}),
    outputs: () => ['table'],
    sources: () => sources,
    run: (_options, ctx) => run(ctx),
  });
}

const environmentIn = (root: string, store: Store) => ({
  store,
  attemptsRoot: join(root, 'attempts'),
  runFolder: (id: string) => join(root, 'runs', id),
  env: {},
  secret: () => undefined,
  limits: () => ({ memoryBytes: 2 ** 28, threads: 1 }),
  bootId: store.bootId,
});
const inputOf = (id: string, inputs: StepInput['inputs']): StepInput => ({
  run: { id, generation: 1, job: 'j', profile: 'p', date: '2026-01-31', previousRows: {} },
  step: {
    id: 's',
    kind: 'test.kind',
    needs: [],
    reads: [],
    options: {},
    timeoutMs: 60_000,
    heartbeatMs: 15_000,
    retry: { attempts: 1, backoffMs: 1, factor: 1, maxBackoffMs: 1 },
    core: false,
    allowFailure: false,
    reuse: true,
  },
  attempt: 1,
  concurrency: 1,
  inputs,
});

/** Runs it through the real runner, on a store in a temporary folder; `left` is what stays of attempt folders. */
async function runOnce(
  kind: AnyStepDefinition,
  look: (
    run: (id: string, inputs?: StepInput['inputs']) => Promise<StepResult>,
    left: () => Promise<readonly string[]>,
  ) => unknown,
): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'builder-run-step-'));
  const store = await openLocalStore(join(root, 'store'));
  const environment = environmentIn(root, store);
  try {
    await look(
      (id, inputs = {}) =>
        runStep(kind, inputOf(id, inputs), environment, new AbortController().signal),
      () => readdir(join(root, 'attempts'), { recursive: true }).catch(() => []),
    );
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

test('is not held up by a store that does not answer, once it is to stop', async () => {
  const root = await mkdtemp(join(tmpdir(), 'builder-run-step-'));
  try {
    const store = await openLocalStore(join(root, 'store'));
    const stop = new AbortController();
    let isAsked: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => (isAsked = resolve));
    const materialize = (): Promise<string> => {
      isAsked();
      return new Promise(() => undefined);
    };
    const hold = () => ({ materialize, release: async () => undefined });
    const table = { sha256: 'a'.repeat(64), bytes: 1, format: 'csv' as const };
    const running = runStep(
      kindThat(async () => ({})),
      inputOf('run-1', {
        before: { fingerprint: 'f', outputs: { table }, values: {}, cached: false, durationMs: 1 },
      }),
      environmentIn(root, { ...store, hold }),
      stop.signal,
    );
    await asked;
    stop.abort(new Error('to stop'));
    await expect(running).rejects.toThrow('to stop');
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});

test('keeps what a kind returns, takes it over in another run, and leaves no attempt folder', async () => {
  let calls = 0;
  const kind = kindThat(async ({ folder }) => {
    calls += 1;
    await writeFile(join(folder, 'a.csv'), 'id\n1\n');
    return { outputs: { table: { path: join(folder, 'a.csv'), format: 'csv', rows: 1 } } };
  });
  await runOnce(kind, async (run, left) => {
    const first = await run('run-1');
    const second = await run('run-2');
    expect([first.cached, second.cached, calls]).toEqual([false, true, 1]);
    expect(second.outputs).toEqual(first.outputs);
    expect(first.outputs['table']).toMatchObject({ bytes: 5, rows: 1 });
    expect(await left()).toEqual([]);
  });
});

test.each<[string, StepReturn, string]>([
  [
    'another output than it declares',
    { outputs: { tabel: { path: '/nowhere', format: 'csv' } } },
    'test.kind declares the outputs table, but returned tabel',
  ],
  ['none of its outputs', {}, 'test.kind declares the outputs table, but returned none'],
  [
    'a file it did not write',
    { outputs: { table: { path: '/nowhere/t.csv', format: 'csv' } } },
    "test.kind returned output 'table', but did not write /nowhere/t.csv",
  ],
])('refuses a kind that returns %s', async (_what, returned, message) => {
  await runOnce(
    kindThat(async () => returned),
    async (run, left) => {
      await expect(run('run-1')).rejects.toMatchObject({ code: 'KIND_BROKEN', message });
      expect(await left()).toEqual([]);
    },
  );
});

test('takes a result over for a file that was only touched, works for one that changed, and leaves no copy', async () => {
  const outside = await mkdtemp(join(tmpdir(), 'builder-outside-'));
  const file = join(outside, 'a.csv');
  let calls = 0;
  const kind = kindThat(
    async ({ folder, sources }) => {
      calls += 1;
      await copyFile(sources[0]!.path, join(folder, 'b.csv'));
      return { outputs: { table: { path: join(folder, 'b.csv'), format: 'csv', rows: 1 } } };
    },
    [file],
  );
  try {
    await runOnce(kind, async (run, left) => {
      await writeFile(file, 'id\n1\n');
      const first = await run('run-1');
      const later = new Date(Date.now() + 60_000);
      await utimes(file, later, later);
      const touched = await run('run-2');
      expect([touched.cached, touched.outputs, calls]).toEqual([true, first.outputs, 1]);
      await writeFile(file, 'id\n12\n');
      await utimes(file, later, later);
      const changed = await run('run-3');
      expect([changed.cached, changed.outputs['table']?.bytes, calls]).toEqual([false, 6, 2]);
      await rm(file);
      await expect(run('run-4')).rejects.toThrow();
      expect((await left()).filter((path) => path.includes('/'))).toEqual([]);
    });
  } finally {
    await rm(outside, { recursive: true, force: true });
  }
});

test('passes an input on as an output, and leaves it in the store', async () => {
  const kind = kindThat(async ({ folder, inputs }) => {
    const given = inputs['before']?.outputs['table'];
    if (given !== undefined) {
      return { outputs: { table: { path: given.path, format: 'csv', rows: 7, from: 'before' } } };
    }
    await writeFile(join(folder, 'a.csv'), 'id\n1\n');
    return { outputs: { table: { path: join(folder, 'a.csv'), format: 'csv', rows: 1 } } };
  });
  await runOnce(kind, async (run) => {
    const before = await run('run-1');
    const after = await run('run-1', { before });
    const { sha256, bytes } = before.outputs['table'] ?? {};
    expect(after.outputs['table']).toEqual({
      sha256,
      bytes,
      format: 'csv',
      rows: 7,
      from: 'before',
    });
    // It is still there: made again from it, it is the same.
    expect((await run('run-2', { before })).cached).toBe(true);
    expect((await run('run-3')).outputs).toEqual(before.outputs);
  });
});

test('judges conditions each time and stores nothing of them, beside the warning that is stored', async () => {
  let [calls, today] = [0, 'old news'];
  const kind = defineStep<object>({
    kind: 'test.kind',
    version: '1',
    summary: '',
    schema: z.strictObject({}),
    run: async () => {
      calls += 1;
      return { values: { rows: 3 }, warning: 'always', failedChecks: ['one'] };
    },
    conditions: async (_options, { values }) => {
      if (today === 'too old') throw new StepError('CHECK_FAILED', 'too old');
      return today === ''
        ? undefined
        : { warning: `${today} of ${values['rows']}`, failedChecks: ['one', 'two'] };
    },
  });
  await runOnce(kind, async (run) => {
    const said = async (id: string, what: string): Promise<unknown> => {
      today = what;
      const { cached, warning, failedChecks } = await run(id);
      return { cached, warning, failedChecks };
    };
    const old = { warning: 'always; old news of 3', failedChecks: ['one', 'two'] };
    expect(await said('run-1', 'old news')).toEqual({ cached: false, ...old });
    expect(await said('run-2', '')).toEqual({
      cached: true,
      warning: 'always',
      failedChecks: ['one'],
    });
    expect(await said('run-3', 'old news')).toEqual({ cached: true, ...old });
    await expect(said('run-4', 'too old')).rejects.toMatchObject({ code: 'CHECK_FAILED' });
    expect(calls).toBe(1);
  });
});
