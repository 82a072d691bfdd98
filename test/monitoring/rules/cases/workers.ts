/** Processes that have gone, hang or serve nobody. */

import { run, target } from '../case.ts';

import type { Case } from '../case.ts';

const worker = (instance: string) =>
  target('pipeline_exporter_info', instance, { mode: 'long-lived' });
const command = (instance: string) =>
  target('pipeline_exporter_info', instance, { mode: 'one-shot' });

/** A process that was up for two scrapes, in the middle of a run, and hangs since then. */
function hanging(
  instance: string,
  { up = '1 1 0x90', scrape = '0.1 0.1 0.6x90', ended = '100 100 stale', mode = 'one-shot' } = {},
): Case['series'] {
  return {
    [target('up', instance)]: up,
    [target('scrape_duration_seconds', instance)]: scrape,
    [target('pipeline_exporter_info', instance, { mode })]: '1 1 stale',
    [run('run_started_timestamp_seconds', 'j', { instance })]: '200 200 stale',
    [run('run_ended_timestamp_seconds', 'j', { instance })]: ended,
  };
}

export const WORKERS: readonly Case[] = [
  {
    alert: 'PipelineTargetDown',
    claim:
      'a worker of the last three days does not answer; a port of commands may, or one never used',
    by: 'instance',
    series: {
      [target('up', 'worker')]: '1x3 0x9 1x10',
      [worker('worker')]: '1x3 stale _x8 1x10',
      [target('up', 'cron')]: '1x3 0x20',
      [command('cron')]: '1x3 stale',
      [target('up', 'never')]: '0x20',
      [worker('other')]: '1x3 stale',
      [target('up', 'other', { job: 'node' })]: '0x20',
    },
    firing: { '4m': [], '5m': ['worker'], '13m': ['worker'], '14m': [] },
  },
  {
    alert: 'PipelineTargetDown',
    claim: 'one that has been away for three days is not asked for any more',
    every: '1h',
    by: 'instance',
    series: { [target('up', 'worker')]: '1x3 0x90', [worker('worker')]: '1x3 stale' },
    firing: { '3h': [], '74h': ['worker'], '76h': [] },
  },
  {
    alert: 'PipelineWorkerMissing',
    claim: 'one of several has gone, up to an hour later; as many under other names are enough',
    every: '5m',
    by: 'job',
    series: {
      [worker('one')]: '1x60',
      [worker('two')]: '1x20 stale _x50',
      [target('pipeline_exporter_info', 'old', { job: 'rolled', mode: 'long-lived' })]:
        '1x20 stale',
      [target('pipeline_exporter_info', 'new', { job: 'rolled', mode: 'long-lived' })]: '_x20 1x60',
      [target('pipeline_exporter_info', 'x', { job: 'cron', mode: 'long-lived' })]: '1x60',
      [target('pipeline_exporter_info', 'y', { job: 'cron', mode: 'one-shot' })]: '1x20 stale',
      // One of two that a command on the same host does not replace.
      [target('pipeline_exporter_info', 'v', { job: 'mixed', mode: 'long-lived' })]: '1x60',
      [target('pipeline_exporter_info', 'w', { job: 'mixed', mode: 'long-lived' })]: '1x20 stale',
      [target('pipeline_exporter_info', 'x', { job: 'mixed', mode: 'one-shot' })]: '_x20 1x60',
    },
    firing: {
      '105m': [],
      '110m': ['builder', 'mixed'],
      '160m': ['builder', 'mixed'],
      '170m': [],
    },
  },
  {
    alert: 'PipelineWorkersGone',
    claim: 'there were workers, and there is none, also where discovery has dropped them',
    every: '1h',
    by: 'job',
    series: {
      [worker('one')]: '1 1 1 stale _x80',
      [worker('two')]: '1 stale _x82',
      [target('pipeline_exporter_info', 'x', { job: 'left', mode: 'long-lived' })]: '1x90',
      [target('pipeline_exporter_info', 'y', { job: 'left', mode: 'long-lived' })]: '1 stale',
      [command('cron')]: '1x90',
      [target('pipeline_exporter_info', 'z', { job: 'commands', mode: 'one-shot' })]: '1 stale',
    },
    firing: { '2h': [], '4h': ['builder'], '73h': ['builder'], '76h': [] },
  },
  {
    alert: 'PipelineWorkersGone',
    claim: 'ends when one is back, and a restart of a minute is none',
    by: 'job',
    series: { [worker('one')]: '1 stale 1 1 stale _x8 1x5' },
    firing: { '2m': [], '4m': [], '6m': ['builder'], '12m': ['builder'], '14m': [] },
  },
  {
    alert: 'PipelineCommandFrozen',
    claim: 'a command takes the connection and does not answer, in the middle of a run',
    by: 'instance',
    series: {
      ...hanging('frozen'),
      ...hanging('woken', { up: '1 1 0x5 1x90' }),
      ...hanging('first', { ended: '_' }),
      // Its run had ended; its port refuses; it is a worker, which another rule tells; it is slow, but answers.
      ...hanging('ended', { ended: '200 200 stale' }),
      ...hanging('dead', { scrape: '0.1 0.1 0.4x90' }),
      ...hanging('worker', { mode: 'long-lived' }),
      ...hanging('slow', { up: '1x90' }),
    },
    firing: {
      '2m': [],
      '3m': ['first', 'frozen', 'woken'],
      '8m': ['first', 'frozen'],
      '60m': ['first', 'frozen'],
      '62m': [],
    },
  },
  {
    alert: 'PipelineWorkerDisconnected',
    claim: 'polls fail for three minutes; a blip of the network does not count',
    every: '15s',
    by: 'instance',
    series: {
      [target('temporal_long_request_failure_total', 'cut', {
        operation: 'PollActivityTaskQueue',
      })]: '0x4 0+3x24 72x30',
      [target('temporal_long_request_failure_total', 'cut', {
        operation: 'PollWorkflowTaskQueue',
      })]: '0x4 0+3x24 72x30',
      [target('temporal_long_request_failure_total', 'blip')]: '0x4 3x60',
    },
    firing: { '4m': [], '5m': ['cut'], '8m': ['cut'], '10m': [] },
  },
  {
    alert: 'PipelineQueueUnserved',
    claim: 'a run waits for two minutes for somebody who serves its queue, whoever says so',
    by: 'task_queue',
    series: {
      [target('pipeline_queue_unserved_seconds', 'a', { task_queue: 'builder' })]: '0+60x5 stale',
      [target('pipeline_queue_unserved_seconds', 'b', { task_queue: 'builder' })]: '0+20x5 stale',
      [target('pipeline_queue_unserved_seconds', 'a', { task_queue: 'brief' })]: '0 60 120 stale',
    },
    firing: { '2m': [], '3m': ['builder'], '5m': ['builder'], '6m': [] },
  },
];
