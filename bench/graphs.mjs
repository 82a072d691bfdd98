/** A graph of no-op steps through the full path, metrics on, against the same graph by hand on the same server. */

import { join } from 'node:path';

import { bareBundle, cpuBelow, inTurn, withEngine } from './measure.mjs';

/** A port for the exporter of this process. */
const PORT = 39_099;

/** Medians of wall time and of the CPU of this process and the server, for ours and the bare SDK. */
export const graphs = (shape, count, needsOf) =>
  withEngine(async (engine, stateDir) => {
    const { Worker, NativeConnection } = await import('@temporalio/worker');
    const { Client } = await import('@temporalio/client');
    const { needRuntime } = await import('../dist/run/worker/runtime.js');
    needRuntime(() => undefined);
    const connection = await NativeConnection.connect({ address: engine.address });
    const client = new Client({ connection });
    const product = await productWorker({ connection, stateDir, slots: count + 1 });
    const bareWorker = await Worker.create({
      connection,
      maxCachedWorkflows: 10,
      maxConcurrentActivityTaskExecutions: count + 1,
      taskQueue: 'bare',
      workflowBundle: await bareBundle(),
      activities: { noop: async () => ({}) },
    });
    const bareRuns = bareWorker.run();
    let turn = 0;
    const ownClient = new Client({ connection, dataConverter: product.dataConverter });
    const timed = async (of, workflow, options) => {
      const before = cpuOf(stateDir);
      const startedAt = performance.now();
      await of.workflow.execute(workflow, options);
      const ms = performance.now() - startedAt;
      return { ms, cpuMs: cpuOf(stateDir) - before };
    };
    const ours = async () => {
      turn += 1;
      const plan = await product.begin(planOf(shape, `ours-${turn}`, count, needsOf));
      return timed(ownClient, 'runProfile', {
        workflowId: plan.run.id,
        taskQueue: 'ours',
        args: [plan],
      });
    };
    const bare = async () => {
      turn += 1;
      return timed(client, shape === 'chain' ? 'bareChain' : 'bareParallel', {
        workflowId: `bare-${turn}`,
        taskQueue: 'bare',
        args: [count],
      });
    };
    const { a, b } = await inTurn(ours, bare);
    bareWorker.shutdown();
    await Promise.all([product.stop(), bareRuns]);
    await connection.close();
    return { ours: a, bare: b };
  });

export function cpuOf(stateDir) {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000 + cpuBelow(stateDir);
}

/** A worker as the embedded engine has it: orders demanded, payloads encrypted, each run on record, the exporter on. */
export async function productWorker({ connection, stateDir, slots }) {
  const { defineStep } = await import('../dist/kinds/contract.js');
  const { openMetrics } = await import('../dist/metrics/open-metrics.js');
  const { openOrderKey } = await import('../dist/orders/key.js');
  const { tagPlan } = await import('../dist/orders/tags.js');
  const { dataConverterOf } = await import('../dist/payloads/converter.js');
  const { keyOfStateFolder } = await import('../dist/payloads/keys.js');
  const { startWorker } = await import('../dist/run/worker/worker.js');
  const { openLocalStore } = await import('../dist/store/local.js');
  const { openRunRecords } = await import('../dist/store/run-records.js');
  const { z } = await import('zod');
  const store = await openLocalStore(join(stateDir, 'store'));
  const records = openRunRecords(stateDir, store);
  const metrics = await openMetrics({
    port: PORT,
    address: '127.0.0.1',
    store,
    stateDir,
    storeRoot: join(stateDir, 'store'),
    mode: 'long-lived',
    queues: [],
    versions: { version: '0', node: '0', sdk: '0' },
    warn: () => undefined,
  });
  const noop = defineStep({
    kind: 'bench.noop',
    version: '1',
    summary: '',
    schema: z.unknown(),
    reusable: () => false,
    run: async () => ({}),
  });
  const key = openOrderKey(stateDir);
  const payloadKeys = { own: keyOfStateFolder(key), known: [] };
  const worker = await startWorker({
    connection,
    namespace: 'default',
    taskQueue: 'ours',
    deliverQueue: 'ours',
    store,
    attemptsRoot: join(stateDir, 'attempts'),
    artifactsRoot: join(stateDir, 'store', 'artifacts'),
    runFolder: (id) => join(stateDir, 'runs', id),
    env: {},
    secret: () => undefined,
    bootId: store.bootId,
    sinks: metrics.sinks(),
    interceptors: metrics.interceptors,
    payloadKeys,
    orders: { key, isOpen: async () => true, onRefused: ({ why }) => console.error(why) },
    heartbeatEveryMs: 500,
    embedded: true,
    kinds: [noop],
    slots,
    beside: 1,
  });
  return {
    dataConverter: dataConverterOf(payloadKeys),
    begin: async (plan) => {
      await records.create({
        plan,
        jobPath: '/j.yaml',
        profilePath: '/p.yaml',
        params: [],
        startedAtMs: Date.now(),
      });
      return tagPlan(key, plan);
    },
    stop: async () => {
      await worker.stop();
      await metrics.close();
      await store.settled();
      store.close();
    },
  };
}

export function planOf(shape, id, count, needsOf) {
  const steps = Array.from({ length: count }, (_, i) => ({
    id: `s${i}`,
    kind: 'bench.noop',
    needs: needsOf(i),
    reads: [],
    options: {},
    timeoutMs: 600_000,
    heartbeatMs: 15_000,
    retry: { attempts: 1, backoffMs: 1, factor: 1, maxBackoffMs: 1 },
    core: false,
    allowFailure: false,
    reuse: false,
  }));
  return {
    format: 1,
    job: 'bench',
    profile: shape,
    params: {},
    concurrency: count,
    onFailure: 'continue',
    budgets: {},
    steps,
    run: {
      id,
      date: '2024-10-09',
      generation: 1,
      planSha256: '',
      deliverQueue: 'ours',
      previousRows: {},
    },
  };
}
