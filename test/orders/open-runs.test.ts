import { expect, test } from '@jest/globals';

import { ownExecution, recordedRuns } from '../../src/orders/open-runs.ts';

import type { RunRecord } from '../../src/model/run-record.ts';

const run = { id: 'r', generation: 2 };

test('a command serves the one execution it started, and waits until it knows which', async () => {
  const own = ownExecution();
  const early = own.isOpen({ workflowId: 'r', runId: 'x' }, run);
  await own.begin(async () => ({ firstExecutionRunId: 'x' }));
  expect(await early).toBe(true);
  expect(await own.isOpen({ workflowId: 'r', runId: 'y' }, run)).toBe(false);
  expect(await own.isOpen({ workflowId: 'copy', runId: 'x' }, run)).toBe(false);
});

test('a command serves the children of its execution, as their own workflow names them', async () => {
  const own = ownExecution();
  await own.begin(async () => ({ firstExecutionRunId: 'x' }));
  const child = { workflowId: 'r/each/1.0', runId: 'c' };
  expect(await own.isOpen(child, run)).toBe(false);
  const parent = { workflowId: 'r', runId: 'x' };
  const foreign = { workflowId: 'r', runId: 'other' };
  expect(await own.isOpen({ ...child, parent: foreign }, run)).toBe(false);
  expect(await own.isOpen({ ...child, parent }, run)).toBe(true);
  // Its activities tell of no parent.
  expect(await own.isOpen(child, run)).toBe(true);
  expect(await own.isOpen({ workflowId: 'r/each/1.1', runId: 'd' }, run)).toBe(false);
  const grandchild = { workflowId: 'r/each/1.0/x', runId: 'g', parent: child };
  expect(await own.isOpen(grandchild, run)).toBe(true);
  expect(await own.isOpen({ workflowId: 'q/each', runId: 'e', parent }, run)).toBe(false);
});

test('a command that could not start serves nothing', async () => {
  const own = ownExecution();
  await expect(own.begin(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await own.isOpen({ workflowId: 'r', runId: 'x' }, run)).toBe(false);
});

test.each([
  ['is open', { state: 'open', generation: 2 }, 'r', true],
  ['is open, in a workflow of another name', { state: 'open', generation: 2 }, 'copy', false],
  ['is open, in a child', { state: 'open', generation: 2 }, 'r/each/1.0', true],
  ['was resumed since', { state: 'open', generation: 3 }, 'r', false],
  ['is closed', { state: 'closed', generation: 2 }, 'r', false],
  ['is not recorded', undefined, 'r', false],
])(
  'a worker of the state folder asks the record: a run that %s',
  async (_what, record, workflowId, expected) => {
    const isOpen = recordedRuns(async () => record as RunRecord | undefined);
    expect(await isOpen({ workflowId, runId: 'x' }, run)).toBe(expected);
  },
);
