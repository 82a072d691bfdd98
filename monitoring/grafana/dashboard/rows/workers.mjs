/** The workers: can they keep up, do they reach Temporal, and does their telemetry tell everything? */

import { COLOUR, thresholds } from '../look.mjs';
import { bars, lines, rowsOf } from '../panels.mjs';
import { counted, ofInstance } from '../queries.mjs';

const slots = (which) =>
  `sum by (worker_type) (${ofInstance(`temporal_worker_task_slots_${which}`, ['worker_type=~"ActivityWorker|WorkflowWorker"'])})`;

const scheduleToStart = (kind) => `histogram_quantile(
  0.95,
  sum by (le, task_queue) (rate(${ofInstance(`temporal_${kind}_schedule_to_start_latency_seconds_bucket`)}[$__rate_interval]))
) >= 0`;

const failures = (metric, by) => `${counted(ofInstance(metric), by, '$__interval')} > 0`;

const known = `last_over_time(${ofInstance('pipeline_build_info')}[$__range])`;

export const workers = {
  title: 'Can the workers keep up?',
  panels: [
    lines({
      title: 'Slots',
      description:
        'Slots in use and in all. Activity slots run steps; when all are in use, further steps wait.',
      unit: 'none',
      decimals: 0,
      width: 8,
      height: 8,
      legend: { placement: 'bottom' },
      series: [
        { expr: slots('used'), legend: '{{worker_type}} used' },
        { expr: `${slots('used')} + ${slots('available')}`, legend: '{{worker_type}} in all' },
      ],
    }),
    lines({
      title: 'Pollers',
      description:
        'Requests for work that the workers keep open. None at all: nothing will start there. A poller whose requests all fail is counted too: see the failures below.',
      unit: 'none',
      decimals: 0,
      width: 8,
      height: 8,
      legend: { placement: 'bottom' },
      series: [
        {
          expr: `sum by (poller_type, task_queue) (${ofInstance('temporal_num_pollers')})`,
          legend: '{{poller_type}} ({{task_queue}})',
        },
      ],
    }),
    lines({
      title: 'Schedule to start, P95',
      description:
        'How long work waited for a worker. Rising: too few workers or slots for what is scheduled.',
      unit: 's',
      width: 8,
      height: 8,
      legend: { placement: 'bottom' },
      series: [
        { expr: scheduleToStart('activity'), legend: 'steps ({{task_queue}})' },
        { expr: scheduleToStart('workflow_task'), legend: 'workflow tasks ({{task_queue}})' },
      ],
    }),
    bars({
      title: 'Failures the SDK saw',
      description:
        'Failing polls and requests (Temporal is away, or refuses), failing workflow tasks (runs stand still) and failing activities, in each interval.',
      unit: 'none',
      decimals: 0,
      width: 8,
      height: 8,
      legend: { placement: 'bottom' },
      series: [
        {
          expr: failures('temporal_long_request_failure_total', ['operation', 'status_code']),
          legend: '{{operation}} {{status_code}}',
        },
        {
          expr: failures('temporal_request_failure_total', ['operation', 'status_code']),
          legend: '{{operation}} {{status_code}}',
        },
        {
          expr: failures('temporal_workflow_task_execution_failed_total', ['failure_reason']),
          legend: 'workflow task {{failure_reason}}',
        },
        {
          expr: failures('temporal_activity_execution_failed_total', ['activity_type']),
          legend: 'activity {{activity_type}}',
        },
      ],
    }),
    lines({
      title: 'Memory',
      description: 'Resident memory of each process with an exporter.',
      unit: 'bytes',
      width: 8,
      height: 8,
      legend: { placement: 'bottom' },
      series: [
        {
          expr: `sum by (instance) (${ofInstance('process_resident_memory_bytes')} and on (job, instance) ${ofInstance('pipeline_build_info')})`,
          legend: '{{instance}}',
        },
      ],
    }),
    rowsOf({
      title: 'Exporters',
      description:
        'Processes with an exporter that Prometheus saw in the time range, with the versions they run. A one-shot command that has ended is down, as it should be.',
      unit: 'none',
      width: 8,
      height: 8,
      labels: {
        job: 'Scrape job',
        instance: 'Instance',
        version: 'Version',
        node: 'Node',
        temporal_sdk: 'Temporal SDK',
      },
      columns: [
        {
          name: 'Up',
          expr: `max by (job, instance, version, node, temporal_sdk) (
  ${known} * on (job, instance) group_left () ${ofInstance('up')}
)`,
          mappings: [
            {
              type: 'value',
              options: {
                0: { index: 0, text: 'down', color: COLOUR.notice },
                1: { index: 1, text: 'up', color: COLOUR.good },
              },
            },
          ],
        },
      ],
    }),
    rowsOf({
      title: 'What telemetry could not do',
      description:
        'Errors of the exporter itself in the time range. They never fail a step, but numbers above may be incomplete.',
      unit: 'none',
      width: 24,
      height: 4,
      labels: { instance: 'Instance', reason: 'Reason' },
      columns: [
        {
          name: 'Errors',
          expr: `${counted(ofInstance('pipeline_metrics_errors_total'), ['instance', 'reason'])} > 0`,
          decimals: 0,
          thresholds: thresholds([null, COLOUR.bad]),
        },
      ],
    }),
  ],
};
