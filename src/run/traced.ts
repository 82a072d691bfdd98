/** Traces beside the metrics of a process: both hear the same attempts and events. */

import { NOT_INSTALLED, openSpanSender } from '../tracing/open-telemetry.ts';
import { makeTracing } from '../tracing/tracing.ts';
import { readVersion } from './versions.ts';

import type { Metrics } from '../metrics/open-metrics.ts';
import type { Tracing } from '../tracing/tracing.ts';
import type { Tell } from './project-events.ts';
import type { Environment } from './project-options.ts';

/** Opened where the environment asks for traces; undefined where the library is missing, which is said. */
export async function openTracing(env: Environment, tell: Tell): Promise<Tracing | undefined> {
  const say = (text: string): void => tell({ type: 'said', text });
  try {
    const sender = await openSpanSender({
      version: readVersion(),
      onFailure: (reason) => say(`traces    not delivered: ${reason}`),
    });
    if (sender !== undefined) return makeTracing(sender, env);
    say(NOT_INSTALLED);
  } catch (error) {
    // Half an installation, or a variable that the library does not take.
    say(`traces    off: ${error instanceof Error ? error.message : String(error)}`);
  }
  return undefined;
}

/** The metrics, with traces listening in. */
export function traced(metrics: Metrics, { interceptor, onEvent }: Tracing): Metrics {
  return {
    ...metrics,
    get runtimeMetrics() {
      return metrics.runtimeMetrics;
    },
    interceptors: [...metrics.interceptors, interceptor],
    sinks: (own) =>
      metrics.sinks((key, event) => {
        onEvent(key, event);
        own?.(key, event);
      }),
  };
}
