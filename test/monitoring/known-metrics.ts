/** Metrics that the dashboards may read, with their labels: ours, the Temporal SDK's, and Prometheus' own. */

import { CATALOGUE } from '../../src/metrics/catalogue.ts';

/** What a worker of SDK 1.24 serves, as far as it is read here, with the labels it has. */
const SDK: Readonly<Record<string, readonly string[]>> = {
  temporal_worker_task_slots_used: ['namespace', 'task_queue', 'worker_type'],
  temporal_worker_task_slots_available: ['namespace', 'task_queue', 'worker_type'],
  temporal_activity_schedule_to_start_latency_seconds_bucket: ['namespace', 'task_queue', 'le'],
};

const OTHERS: Readonly<Record<string, readonly string[]>> = {
  up: [],
  process_resident_memory_bytes: [],
  ALERTS: ['severity', 'alertname', 'alertstate', 'job', 'profile', 'step'],
  ALERTS_FOR_STATE: ['severity', 'alertname', 'job', 'profile', 'step'],
};

/**
 * Labels of a metric that have a meaning of their own. `job` is among them only where the metric has one itself: elsewhere
 * it is the name of the scrape job. `instance` is everywhere. Of a pattern `x_(a|b)` those that all have.
 * @throws Error for a metric that nothing serves
 */
export function labelsOfMetric(metric: string): readonly string[] {
  const [, head = '', either = '', tail = ''] = /^(\w*)\((.+)\)(\w*)$/.exec(metric) ?? [];
  if (either !== '') {
    const all = either.split('|').map((part) => labelsOfMetric(`${head}${part}${tail}`));
    return all[0]!.filter((label) => all.every((labels) => labels.includes(label)));
  }
  const ours = CATALOGUE.find(({ name }) => name === catalogueNameOf(metric));
  if (ours !== undefined) {
    return [...ours.labels, 'instance', ...(metric.endsWith('_bucket') ? ['le'] : [])];
  }
  const foreign = SDK[metric] ?? OTHERS[metric];
  if (foreign === undefined) throw new Error(`nothing serves ${metric}`);
  return [...foreign, 'instance'];
}

/** The metric of the catalogue that a name shows: itself, or the histogram that it is a part of. */
export function catalogueNameOf(metric: string): string | undefined {
  return CATALOGUE.find(({ name, type }) =>
    type === 'histogram' ? name === metric.replace(/_(bucket|sum|count)$/, '') : name === metric,
  )?.name;
}
