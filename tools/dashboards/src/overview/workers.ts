/** The processes: are they up, do they tell everything, and can the workers keep up? */

import { badAbove, upOrDown } from '../look.ts';
import { lines } from '../panels.ts';
import { counted } from '../queries.ts';
import { rowsOf } from '../table.ts';

const OF_EXPORTER = 'max by (instance, mode)';
const exporter = 'pipeline_exporter_info';
const of = (metric: string) =>
  `${OF_EXPORTER} (${exporter} * on (instance) group_left () ${metric})`;

export const exporters = rowsOf({
  title: 'Exporters',
  description:
    'Processes that serve metrics: workers and commands. Errors are of telemetry itself, in the time range: they fail no step, but figures may be incomplete. A one-shot command is gone once it has ended.',
  width: 12,
  height: 10,
  labels: { instance: { name: 'Instance' }, mode: { name: 'Mode', width: 100 } },
  sortBy: ['Errors'],
  columns: [
    {
      name: 'Up',
      expr: `${OF_EXPORTER} (last_over_time(${exporter}[$__range]) * on (instance) group_left () max by (instance) (up))`,
      mappings: upOrDown,
      width: 70,
    },
    {
      name: 'Slots',
      expr: of(`(${slots('available')} + ${slots('used')})`),
      decimals: 0,
      width: 70,
    },
    { name: 'Used', expr: of(slots('used')), decimals: 0, width: 70 },
    {
      name: 'Memory',
      expr: of('max by (instance) (process_resident_memory_bytes)'),
      unit: 'bytes',
      width: 110,
    },
    {
      name: 'Errors',
      expr: `${OF_EXPORTER} (
  ${exporter} * on (instance) group_left ()
  (${counted('pipeline_metrics_errors_total', ['instance'])} > 0)
)`,
      decimals: 0,
      thresholds: badAbove(1),
      width: 80,
    },
  ],
});

function slots(which: string): string {
  return `sum by (instance) (temporal_worker_task_slots_${which}{worker_type="ActivityWorker"})`;
}

export const waiting = lines({
  title: 'Schedule to start, P95',
  description:
    'How long steps waited for a slot of a worker, by task queue; a command of its own has none that lasts. Rising: too few workers or slots for what is scheduled.',
  unit: 's',
  width: 24,
  height: 7,
  series: [
    {
      expr: `histogram_quantile(
  0.95,
  sum by (le, task_queue) (rate(temporal_activity_schedule_to_start_latency_seconds_bucket{task_queue!=""}[$__rate_interval]))
) >= 0`,
      legend: '{{task_queue}}',
    },
  ],
});
