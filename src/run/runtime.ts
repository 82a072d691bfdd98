/**
 * The SDK's runtime: one a process, however many projects and runs there are in it. Each run hears what is logged about
 * its own task queue and what is about none.
 */

import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';

import type { RuntimeOptions } from '@temporalio/worker';
import type { Log } from './worker-log.ts';

type RuntimeMetrics = NonNullable<RuntimeOptions['telemetryOptions']>['metrics'];

const hearers = new Set<{ readonly log: Log; readonly taskQueue?: string }>();

/** Installs the runtime unless one lives. `metrics` is asked only then: it serves the first project that wants any. */
export function needRuntime(metrics: () => RuntimeMetrics | undefined): void {
  // The SDK shuts it down after its last connection, and has no public word for that.
  if (Reflect.get(Runtime, '_instance') !== undefined) return;
  const wanted = metrics();
  Runtime.install({
    shutdownSignals: [],
    logger: new DefaultLogger('WARN', ({ level, message, meta }) => {
      const about: unknown = meta?.['taskQueue'];
      for (const { log, taskQueue } of hearers) {
        if (about === undefined || taskQueue === undefined || about === taskQueue) {
          log(level, message, meta);
        }
      }
    }),
    telemetryOptions: {
      logging: {
        forward: {},
        filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }),
      },
      ...(wanted === undefined ? {} : { metrics: wanted }),
    },
  });
}

/** Lets `log` hear what the SDK says. Answers how to stop. */
export function hearRuntime(log: Log, taskQueue?: string): () => void {
  const hearer = { log, ...(taskQueue === undefined ? {} : { taskQueue }) };
  hearers.add(hearer);
  return () => void hearers.delete(hearer);
}
