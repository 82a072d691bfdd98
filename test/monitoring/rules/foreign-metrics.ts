/** Metrics of others that rules may name, as Prometheus 3 and a worker of SDK 1.24 serve them: a renamed one is silence. */

export const FOREIGN_METRICS: readonly string[] = Object.freeze([
  'up',
  'scrape_duration_seconds',
  'ALERTS_FOR_STATE',
  'temporal_long_request_failure_total',
]);
