/** Runs as a whole: how the last ones ended, how long they take, and the way to each of them in Temporal's UI. */

import {
  COLOUR,
  flagMapping,
  stateMappings,
  statusColours,
  thresholds,
  toTemporal,
} from '../look.mjs';
import { bars, lines, rowsOf } from '../panels.mjs';
import { counted, exactMean, newest, ofRun, recorded, runState } from '../queries.mjs';

const LABELS = { job: 'Job', profile: 'Profile' };

const mean = exactMean('pipeline_run_duration_seconds', ofRun, ['job', 'profile']);
const p95 = `histogram_quantile(
  0.95,
  sum by (le, job, profile) (rate(${ofRun('pipeline_run_duration_seconds_bucket')}[$window]))
) >= 0`;

export const runs = {
  title: 'How did the runs end?',
  panels: [
    rowsOf({
      title: 'Last run of each job and profile',
      description:
        '"No end known": the run goes on, or went down with its machine; builder_cli runs tells which. The mean is of the runs that ended OK or WARN in the percentile window. Age / period: above 2 the run is overdue.',
      unit: 'none',
      width: 14,
      height: 8,
      labels: LABELS,
      sortBy: { field: 'Started', desc: true },
      columns: [
        {
          name: 'State',
          expr: runState,
          mappings: stateMappings({ none: '-', running: 'no end known' }),
        },
        {
          name: 'Started',
          expr: `1000 * ${newest('run_started_timestamp_seconds')}`,
          unit: 'dateTimeAsSystem',
        },
        {
          name: 'Last completed',
          expr: `1000 * ${newest('run_completed_timestamp_seconds')}`,
          unit: 'dateTimeAsSystem',
        },
        {
          name: 'Last failed',
          expr: `1000 * ${newest('run_failed_timestamp_seconds')}`,
          unit: 'dateTimeAsSystem',
        },
        { name: 'Open for', expr: recorded('run_open_seconds'), unit: 's', decimals: 0 },
        {
          name: 'Last duration',
          expr: `max by (job, profile) (last_over_time(${ofRun('pipeline_run_last_duration_seconds')}[$__range]) and on (job, profile, instance) (last_over_time(${ofRun('pipeline_run_ended_timestamp_seconds')}[$__range]) == on (job, profile) group_left () ${newest('run_ended_timestamp_seconds')}))`,
          unit: 's',
        },
        { name: 'Mean duration', expr: mean, unit: 's' },
        { name: 'Period', expr: newest('profile_expected_period_seconds'), unit: 's' },
        {
          name: 'Age / period',
          expr: `(time() - ${newest('run_completed_timestamp_seconds')}) / ${newest('profile_expected_period_seconds')}`,
          decimals: 1,
          thresholds: thresholds([null, COLOUR.good], [1, COLOUR.notice], [2, COLOUR.bad]),
        },
      ],
    }),
    rowsOf({
      title: 'Recent runs',
      description:
        "The last 20 runs of each exporter seen in the time range. A run id opens the run in Temporal's UI, if that Temporal is the one of this stack; with the embedded engine, builder_cli dev shows it.",
      unit: 'none',
      width: 10,
      height: 8,
      labels: { run_id: 'Run', job: 'Job', profile: 'Profile' },
      labelLinks: { Run: [toTemporal('${__value.raw}')] },
      sortBy: { field: 'Run', desc: true },
      columns: [
        {
          name: 'Temporal',
          expr: `max by (run_id, job, profile) (last_over_time(${ofRun('pipeline_run_info')}[$__range]))`,
          mappings: flagMapping('open'),
          links: [toTemporal('${__data.fields.Run}')],
        },
      ],
    }),
    bars({
      title: 'Runs over time',
      description: 'Runs that ended in each interval, by their final status.',
      unit: 'none',
      decimals: 0,
      width: 12,
      height: 8,
      overrides: statusColours,
      series: [
        {
          expr: `${counted(ofRun('pipeline_run_status_total'), ['status'], '$__interval')} > 0`,
          legend: '{{status}}',
        },
      ],
    }),
    lines({
      title: 'Run duration',
      description:
        'Exact mean and interpolated P95 of the runs that ended OK or WARN in the percentile window.',
      unit: 's',
      width: 12,
      height: 8,
      series: [
        { expr: mean, legend: '{{job}} / {{profile}} mean' },
        { expr: p95, legend: '{{job}} / {{profile}} P95' },
      ],
    }),
  ],
};
