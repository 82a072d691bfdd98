import { expect, test } from '@jest/globals';

import { brokenWorker } from '../../../src/run/worker/worker-failure.ts';

import type { Session } from '../../../src/run/worker/session.ts';

/** A session whose worker ends as said, with an engine that answers, or refuses with a gRPC code. */
function sessionWith(done: Promise<void>, code?: number): Session {
  const connection = {
    withDeadline: (_: number, ask: () => unknown) => ask(),
    workflowService: {
      describeNamespace: () =>
        code === undefined
          ? Promise.resolve({})
          : Promise.reject(Object.assign(new Error('no'), { code, details: 'it said no' })),
    },
  };
  const engine = { kind: 'service', address: 'there:7233', namespace: 'ours' };
  return { engine, connection, worker: { done } } as unknown as Session;
}

const open = new AbortController().signal;

test.each([
  ['breaks', () => Promise.reject(new Error('fatal poll')), undefined, 'WORKER_BROKEN', 3],
  ['ends by itself', () => Promise.resolve(), undefined, 'WORKER_BROKEN', 3],
  ['breaks with its namespace', () => Promise.reject(new Error('x')), 5, 'NAMESPACE_NOT_FOUND', 2],
  ['breaks with its service', () => Promise.reject(new Error('x')), 14, 'ENGINE_UNREACHABLE', 3],
  ['is not let in', () => Promise.reject(new Error('x')), 7, 'ENGINE_UNREACHABLE', 3],
] as const)('a worker that %s is told', async (_, end, grpc, code, exitCode) => {
  await expect(brokenWorker(sessionWith(end(), grpc), open)).rejects.toMatchObject({
    name: 'UserError',
    code,
    exitCode,
  });
});

test('a worker that was stopped is not taken for a broken one', async () => {
  const closing = new AbortController();
  const broken = brokenWorker(sessionWith(Promise.resolve()), closing.signal);
  closing.abort();
  expect(await Promise.race([broken, Promise.resolve().then(() => 'nothing')])).toBe('nothing');
});
