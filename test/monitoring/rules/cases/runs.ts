/** Runs that fail or do not come. */

import { run } from '../case.ts';

import type { Case } from '../case.ts';

export const RUNS: readonly Case[] = [
  {
    alert: 'PipelineRunFailed',
    claim: 'the last run failed, until one completes',
    by: 'job',
    series: {
      [run('run_failed_timestamp_seconds', 'mended')]: '_ 10 200x50',
      [run('run_completed_timestamp_seconds', 'mended')]: '100x9 300x50',
      [run('run_completed_timestamp_seconds', 'mended', { instance: 'b' })]: '100x50',
      [run('run_failed_timestamp_seconds', 'mended', { instance: 'b' })]: '_ 10 50x50',
      [run('run_failed_timestamp_seconds', 'first')]: '_ _ 200x50',
      [run('run_failed_timestamp_seconds', 'cancelled')]: '100x50',
      [run('run_completed_timestamp_seconds', 'cancelled')]: '100x50',
    },
    firing: { '1m': [], '2m': ['first', 'mended'], '14m': ['first', 'mended'], '16m': ['first'] },
  },
  {
    alert: 'PipelineRunOverdue',
    claim: 'two periods after the last completion, or after the first start',
    every: '10m',
    by: 'job',
    series: {
      [run('profile_expected_period_seconds', 'late')]: '3000x80',
      [run('run_completed_timestamp_seconds', 'late')]: '0x20 12000x80',
      [run('run_completed_timestamp_seconds', 'fine', { instance: 'b' })]: '0x80',
      [run('profile_expected_period_seconds', 'late', { instance: 'b' })]: '1000x80',
      [run('profile_expected_period_seconds', 'late', { profile: 'q' })]: '1000000x80',
      [run('run_started_timestamp_seconds', 'late')]: '0x10 6000x80',
      [run('profile_expected_period_seconds', 'never')]: '3000x80',
      [run('run_started_timestamp_seconds', 'never')]: '0x80',
      [run('profile_expected_period_seconds', 'fine')]: '3000x80',
      [run('run_completed_timestamp_seconds', 'fine')]: '0+600x80',
      [run('run_completed_timestamp_seconds', 'on_demand')]: '0x80',
    },
    firing: {
      '100m': [],
      '110m': [],
      '120m': ['late', 'never'],
      '210m': ['late', 'never'],
      '230m': ['never'],
    },
  },
];
