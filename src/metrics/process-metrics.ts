/** The process's own memory, CPU and event loop, from the library's defaults. */

import type { PromClient, PromRegistry } from './prom-client.ts';

/**
 * Adds the default metrics to a registry, without those that would mislead: gauges named like counters
 * (`..._total`), and the garbage collector's, which cost more than they tell.
 */
export function addProcessMetrics(prom: PromClient, registry: PromRegistry): void {
  prom.collectDefaultMetrics({ register: registry });
  for (const { name, type } of registry.getMetricsAsArray()) {
    const isGauge = String(type) === 'gauge';
    if (name.startsWith('nodejs_gc_') || (isGauge && name.endsWith('_total'))) {
      registry.removeSingleMetric(name);
    }
  }
}
