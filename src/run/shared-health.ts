/** What `/healthz` and `/readyz` of a process answer while several workers run in it: all of them must be well. */

import type { NativeConnection } from '@temporalio/worker';
import type { Health, Metrics } from '../metrics/open-metrics.ts';
import type { Probe } from '../metrics/prometheus-exporter.ts';
import type { RunningWorker } from './worker/worker.ts';

export type SharedHealth = {
  /** One more worker is up. Answers what to call when it is about to stop. */
  add(
    metrics: Metrics,
    worker: Pick<RunningWorker, 'state'>,
    connection: NativeConnection,
  ): () => Promise<void>;
};

/** A probe that waits longer than its asker is no answer. */
const READY_LIMIT_MS = 2_000;

/** The health of the workers of one project. */
export function makeSharedHealth(): SharedHealth {
  const all = new Set<Health>();
  const worst = async (ask: (health: Health) => Probe | Promise<Probe>): Promise<Probe> => {
    const probes = await Promise.all([...all].map(async (health) => ask(health)));
    return probes.find(({ ok }) => !ok) ?? probes[0] ?? { ok: false, detail: 'stopping' };
  };
  const together: Health = {
    alive: () => worst((health) => health.alive()),
    ready: () => worst((health) => health.ready()),
  };
  return {
    add: (metrics, worker, connection) => {
      const health = healthOf(worker, connection);
      all.add(health);
      metrics.health(together);
      return async () => {
        all.delete(health);
        if (all.size === 0) await metrics.stopping();
      };
    },
  };
}

/** Healthy while the worker works; ready while the engine answers it, too. */
function healthOf(worker: Pick<RunningWorker, 'state'>, connection: NativeConnection): Health {
  const alive = (): Probe => {
    const state = worker.state();
    return { ok: state === 'running', detail: `the worker is ${state}` };
  };
  return {
    alive,
    ready: async () => {
      if (!alive().ok) return alive();
      const answer = connection.withDeadline(Date.now() + READY_LIMIT_MS, () =>
        connection.workflowService.getSystemInfo({}),
      );
      return answer.then(
        () => ({ ok: true, detail: 'ready' }),
        () => ({ ok: false, detail: 'Temporal does not answer' }),
      );
    },
  };
}
