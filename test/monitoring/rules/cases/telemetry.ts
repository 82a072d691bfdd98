/** What says that alerts themselves may be missing. */

import { target } from '../case.ts';

import type { Case } from '../case.ts';

const errors = (instance: string, reason: string) =>
  target('pipeline_metrics_errors_total', instance, { reason });

export const TELEMETRY: readonly Case[] = [
  {
    alert: 'PipelineMetricsErrors',
    claim: 'for a quarter of an hour after the last error, also one before the first scrape',
    by: 'instance',
    series: {
      [errors('worker', 'claim')]: '0x5 1x40',
      [errors('command', 'claim')]: '_x6 1x40',
      [errors('worker', 'scrape')]: '0x50',
      [errors('full', 'series_limit')]: '0x5 1x40',
      // Metrics are whole.
      [errors('telling', 'hook')]: '0x5 1x40',
    },
    firing: { '5m': [], '6m': ['command', 'worker'], '19m': ['command', 'worker'], '22m': [] },
  },
  {
    alert: 'PipelineSeriesLimit',
    claim: 'as long as the process lives that refused a series',
    by: 'instance',
    series: {
      [errors('full', 'series_limit')]: '0x2 1x5 stale',
      [errors('other', 'claim')]: '1x10',
    },
    firing: { '2m': [], '3m': ['full'], '7m': ['full'], '9m': [] },
  },
  {
    alert: 'PipelineDiskNearlyFull',
    claim: 'under a tenth and under ten gigabytes, for five minutes',
    by: 'instance',
    series: {
      [target('pipeline_state_disk_size_bytes', 'small')]: '20e9x30',
      [target('pipeline_state_disk_free_bytes', 'small')]: '2e9 1.9e9x9 2e9x20',
      [target('pipeline_state_disk_size_bytes', 'medium')]: '100e9x30',
      [target('pipeline_state_disk_free_bytes', 'medium')]: '20e9 7e9x9 20e9x20',
      // A tenth of a large disk is much, and half of a small one enough.
      [target('pipeline_state_disk_size_bytes', 'large')]: '1e12x30',
      [target('pipeline_state_disk_free_bytes', 'large')]: '10e9x30',
      [target('pipeline_state_disk_size_bytes', 'tiny')]: '10e9x30',
      [target('pipeline_state_disk_free_bytes', 'tiny')]: '5e9x30',
    },
    firing: { '5m': [], '6m': ['medium', 'small'], '10m': ['medium', 'small'], '11m': [] },
  },
  {
    alert: 'PipelineWatchdog',
    claim: 'always',
    by: 'severity',
    series: { [target('up', 'a')]: '1x5' },
    firing: { '0m': ['info'], '5m': ['info'] },
  },
];
