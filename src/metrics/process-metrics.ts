/** The process's own memory, CPU and event loop, from the library's defaults. */

import type { PromClient } from './prom-client.ts';

/**
 * How to ask for the default metrics in the text format, without those that would mislead: gauges named like counters
 * (`..._total`), and the garbage collector's, which cost more than they tell.
 */
export function processMetrics(prom: PromClient): () => Promise<string> {
  const registry = new prom.Registry();
  prom.collectDefaultMetrics({ register: registry });
  for (const { name, type } of registry.getMetricsAsArray()) {
    const isGauge = String(type) === 'gauge';
    if (name.startsWith('nodejs_gc_') || (isGauge && name.endsWith('_total'))) {
      registry.removeSingleMetric(name);
    }
  }
  return () => registry.metrics();
}
