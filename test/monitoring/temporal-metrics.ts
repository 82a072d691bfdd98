/** The SDK's metrics that rules may name, as a worker of SDK 1.24 serves them: a renamed one must not silence an alert. */

export const TEMPORAL_METRICS = Object.freeze([
  'temporal_long_request_failure_total',
  'temporal_num_pollers',
  'temporal_worker_task_slots_available',
]);
