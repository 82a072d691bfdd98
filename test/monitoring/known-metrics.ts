/** Metrics that the dashboard may read, with their labels: ours, recorded ones, the Temporal SDK's, and Prometheus' own. */

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { parse } from 'yaml';

import { CATALOGUE } from '../../src/metrics/catalogue.ts';
import { ROOT } from '../harness/cli.ts';

type RuleFile = {
  readonly groups: readonly {
    readonly rules: readonly { readonly record?: string; readonly alert?: string }[];
  }[];
};

/** What a worker of SDK 1.24 serves, as far as it is read here, with the labels it has. */
const SDK: Readonly<Record<string, readonly string[]>> = {
  temporal_worker_task_slots_used: ['namespace', 'task_queue', 'worker_type'],
  temporal_worker_task_slots_available: ['namespace', 'task_queue', 'worker_type'],
  temporal_num_pollers: ['namespace', 'task_queue', 'poller_type'],
  temporal_activity_schedule_to_start_latency_seconds_bucket: ['namespace', 'task_queue', 'le'],
  temporal_workflow_task_schedule_to_start_latency_seconds_bucket: [
    'namespace',
    'task_queue',
    'le',
  ],
  temporal_long_request_failure_total: ['namespace', 'task_queue', 'operation', 'status_code'],
  temporal_request_failure_total: ['namespace', 'operation', 'status_code'],
  temporal_workflow_task_execution_failed_total: ['namespace', 'task_queue', 'failure_reason'],
  temporal_activity_execution_failed_total: ['namespace', 'task_queue', 'activity_type'],
};

const OTHERS: Readonly<Record<string, readonly string[]>> = {
  up: [],
  process_resident_memory_bytes: [],
  ALERTS: ['severity', 'alertname', 'alertstate', 'job', 'profile', 'step'],
  ALERTS_FOR_STATE: ['severity', 'alertname', 'job', 'profile', 'step'],
};

/** Names of the recording rules, and of the alerts. */
export const RULES = readRules();

/**
 * Labels of a metric that have a meaning of their own. `job` is among them only where the metric has one itself: elsewhere
 * it is the name of the scrape job. `instance` is everywhere but in recorded values, which are those of all instances.
 * @throws Error for a metric that nothing serves
 */
export function labelsOfMetric(metric: string): readonly string[] {
  const ours = CATALOGUE.find(({ name, type }) =>
    type === 'histogram' ? name === metric.replace(/_(bucket|sum|count)$/, '') : name === metric,
  );
  if (ours !== undefined) {
    return [...ours.labels, 'instance', ...(metric.endsWith('_bucket') ? ['le'] : [])];
  }
  const foreign = SDK[metric] ?? OTHERS[metric];
  if (foreign !== undefined) return [...foreign, 'instance'];
  if (metric.includes('(')) return labelsOfAll(metric);
  if (!RULES.recorded.has(metric)) throw new Error(`nothing serves ${metric}`);
  const source = metric.replace('pipeline:', 'pipeline_').replace(/:newest$/, '');
  const recorded = CATALOGUE.find(({ name }) => name === source);
  if (recorded !== undefined) return recorded.labels;
  return metric.startsWith('pipeline:step_') ? ['job', 'profile', 'step'] : ['job', 'profile'];
}

/** Labels that all metrics of a pattern have. A pattern that matches one only has a part in vain. */
function labelsOfAll(pattern: string): readonly string[] {
  const known = [...RULES.recorded, ...CATALOGUE.map(({ name }) => name)];
  const named = known.filter((name) => new RegExp(`^(${pattern})$`).test(name)).map(labelsOfMetric);
  if (named.length < 2) throw new Error(`nothing serves some of ${pattern}`);
  return (named[0] ?? []).filter((label) => named.every((labels) => labels.includes(label)));
}

/**
 * Labels that a series has in a result. A metric of a process carries the scrape job as its `job`; that of a step's without
 * a job does too, but there it would be taken for the job of the pipeline.
 */
export function labelsInResult(metric: string): readonly string[] {
  const labels = labelsOfMetric(metric);
  const ofProcess = labels.includes('instance') && !labels.includes('profile');
  return ofProcess ? ['job', ...labels] : labels;
}

/** The metric of the catalogue that a name shows: itself, a part of a histogram, or its recorded newest value. */
export function catalogueNameOf(metric: string): string | undefined {
  const plain = metric.replace(/^pipeline:(.+):newest$/, 'pipeline_$1');
  return CATALOGUE.find(
    ({ name }) => name === plain || name === plain.replace(/_(bucket|sum|count)$/, ''),
  )?.name;
}

function readRules(): {
  readonly recorded: ReadonlySet<string>;
  readonly alerts: ReadonlySet<string>;
} {
  const folder = join(ROOT, 'monitoring/prometheus/rules');
  const rules = readdirSync(folder).flatMap((file) =>
    (parse(readFileSync(join(folder, file), 'utf8')) as RuleFile).groups.flatMap(
      (group) => group.rules,
    ),
  );
  return {
    recorded: new Set(rules.flatMap(({ record }) => record ?? [])),
    alerts: new Set(rules.flatMap(({ alert }) => alert ?? [])),
  };
}
