/**
 * The SDK's runtime: one a process, however many projects and runs there are in it. Each run hears what is logged about
 * its own task queue and what is about none.
 */

import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';

import type { RuntimeOptions } from '@temporalio/worker';
import type { Log } from './worker-log.ts';

type RuntimeMetrics = NonNullable<RuntimeOptions['telemetryOptions']>['metrics'];

const hearers = new Set<{ readonly log: Log; readonly taskQueue?: string }>();

/** Ports that may be taken, one after the other, between the choice and the use of each. */
const TRIES = 5;

/**
 * Installs the runtime unless one lives. `metrics` is asked only then: it serves the first project that wants any. It is
 * asked again, for another place, when the SDK cannot serve there; after that the SDK's metrics are done without, for
 * telemetry fails no run.
 */
export function needRuntime(metrics: () => RuntimeMetrics | undefined): void {
  // The SDK shuts it down after its last connection, and has no public word for that.
  if (Reflect.get(Runtime, '_instance') !== undefined) return;
  for (let tries = 1; ; tries += 1) {
    const wanted = tries > TRIES ? undefined : metrics();
    try {
      install(wanted);
      return;
    } catch (error) {
      if (wanted === undefined) throw error;
    }
  }
}

function install(metrics: RuntimeMetrics | undefined): void {
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
      ...(metrics === undefined ? {} : { metrics }),
    },
  });
}

/** Lets `log` hear what the SDK says. Answers how to stop. */
export function hearRuntime(log: Log, taskQueue?: string): () => void {
  const hearer = { log, ...(taskQueue === undefined ? {} : { taskQueue }) };
  hearers.add(hearer);
  return () => void hearers.delete(hearer);
}
