import { expect, test } from '@jest/globals';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';

import { makeActivityInterceptor } from '../../src/metrics/interceptor.ts';
import { failure } from '../../src/model/failure.ts';
import { newTelemetry } from './facts.ts';

import type { Context } from '@temporalio/activity';
import type { RunEntry } from '../../src/store/entries.ts';

/** What is counted of one attempt that does what `execute` does. */
async function countedOf(execute: () => Promise<unknown>): Promise<RunEntry | undefined> {
  return (await writtenOf(execute)).find(({ type }) => type === 'attempt');
}

async function writtenOf(execute: () => Promise<unknown>): Promise<readonly RunEntry[]> {
  const written: RunEntry[] = [];
  const factory = makeActivityInterceptor({
    telemetry: newTelemetry(),
    counting: {
      add: async (entries) => void written.push(...entries),
      settled: async () => undefined,
    },
  });
  const run = { id: 'run-1', generation: 1, job: 'sales', profile: 'nightly' };
  const args = [{ run, step: { id: 'clean', kind: 'transform.sql' }, attempt: 1 }];
  const { inbound } = factory({} as Context);
  await inbound?.execute?.({ args, headers: {} }, execute).catch(() => undefined);
  return written;
}

const result = { fingerprint: 'f', cached: false, durationMs: 1234, outputs: {}, values: {} };

test('counts what the runner measured, never a clock of its own', async () => {
  expect(await countedOf(async () => ({ ...result, rowsOut: 3 }))).toMatchObject({
    ...{ type: 'attempt', result: 'ok', durationMs: 1234, observed: true, rowsOut: 3 },
  });
});

test('writes down that it begins before anything is done', async () => {
  const written = await writtenOf(async () => result);
  expect(written).toMatchObject([
    { type: 'step', step: 'clean', attempt: 1, began: true, runId: 'run-1', generation: 1 },
    { type: 'attempt' },
  ]);
});

test.each([
  ['STEP_TIMEOUT', 'timeout'],
  ['WORKER_LOST', 'lost'],
  ['SQL_ERROR', 'fail'],
] as const)('an attempt that ended with %s is counted as %s', async (code, ending) => {
  const why = failure(code, 'x', { durationMs: 77 });
  const thrown = ApplicationFailure.create({ message: 'x', type: code, details: [why] });
  expect(await countedOf(() => Promise.reject(thrown))).toMatchObject({
    ...{ result: ending, durationMs: 77, observed: false },
  });
});

test('a cancelled attempt is counted as cancelled', async () => {
  const thrown = new CancelledFailure('x', [failure('CANCELLED', 'x', { durationMs: 5 })]);
  expect(await countedOf(() => Promise.reject(thrown))).toMatchObject({ result: 'cancelled' });
});

test.each([{ cached: true }, { adopted: true }])(
  'a result that was found is no attempt: %j',
  async (found) => {
    expect(await countedOf(async () => ({ ...result, ...found }))).toBeUndefined();
  },
);
