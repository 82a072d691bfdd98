/** Metrics of a command that runs no step: served while it lives, never waited for, nothing restored or written. */

import { loadPromClient, NOT_INSTALLED } from './prom-client.ts';
import { processMetrics } from './process-metrics.ts';
import { bindExporter } from './prometheus-exporter.ts';
import { makeTelemetry } from './telemetry.ts';

import type { MetricsOptions } from './open-metrics.ts';

/** Serves build and process metrics during `work`. Port 0: only works. @throws UserError PORT_IN_USE */
export async function serveWhile<T>(
  options: Pick<MetricsOptions, 'port' | 'address' | 'web' | 'versions' | 'warn'>,
  work: () => Promise<T>,
): Promise<T> {
  const { port, address, web, versions, warn } = options;
  if (port === 0) return work();
  const prom = await loadPromClient();
  if (prom === undefined) {
    warn(NOT_INSTALLED);
    return work();
  }
  const exporter = await bindExporter({ port, address, ...(web === undefined ? {} : { web }) });
  try {
    const telemetry = makeTelemetry({ versions });
    exporter.attach({ telemetry, process: processMetrics(prom) });
    return await work();
  } finally {
    await exporter.close();
  }
}
