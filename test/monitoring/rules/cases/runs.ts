/** Runs that fail or do not come. */

import { run, step } from '../case.ts';

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
      // A step of it failed (it began at 150), is mended, and the run that mends it is open; and one of an earlier run.
      [run('run_failed_timestamp_seconds', 'step')]: '_ _ 200x50',
      [run('run_ended_timestamp_seconds', 'step')]: '100 100 200x50',
      [run('run_ended_timestamp_seconds', 'step', { instance: 'b' })]: '50x50',
      [run('run_last_duration_seconds', 'step')]: '50x50',
      [run('run_last_duration_seconds', 'step', { instance: 'b' })]: '10x50',
      [step('failed_timestamp_seconds', 'load', { job: 'step' })]: '_ 150x50',
      [step('failed_timestamp_seconds', 'other', { job: 'step' })]: '20x50',
      [step('completed_timestamp_seconds', 'load', { job: 'step' })]: '_ _ _ _ 300x50',
      [run('run_started_timestamp_seconds', 'step')]: '_ _ _ 250x50',
      [run('run_ended_timestamp_seconds', 'first')]: '100 100 200x50',
      [run('run_ended_timestamp_seconds', 'first', { instance: 'b' })]: '100x50',
      [run('run_last_duration_seconds', 'first')]: '50x50',
      [step('failed_timestamp_seconds', 'load', { job: 'first' })]: '_ 149x50',
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
  {
    alert: 'PipelineRunOverdue',
    claim: 'is silent about a run every five minutes whose clock is five minutes behind',
    by: 'job',
    series: {
      [run('profile_expected_period_seconds', 'behind')]: '300x60',
      [run('run_completed_timestamp_seconds', 'behind')]: everyFiveMinutes(-300),
    },
    firing: { '20m': [], '40m': [], '60m': [] },
  },
  {
    alert: 'PipelineCoreStepNoData',
    claim: 'is silent about a run every five minutes whose clock is five minutes behind',
    series: {
      [run('profile_expected_period_seconds', 'j')]: '300x60',
      [run('run_ended_timestamp_seconds', 'j')]: everyFiveMinutes(-300),
      [step('completed_timestamp_seconds', 'load')]: everyFiveMinutes(-300),
      [run('profile_core_step_info', 'j', { step: 'load' })]: '1x60',
    },
    firing: { '20m': [], '40m': [], '60m': [] },
  },
];

/** Completions each five minutes, as a clock says that is so many seconds wrong; a sample a minute. */
function everyFiveMinutes(wrongS: number): string {
  return Array.from({ length: 12 }, (_, n) => `${n * 300 + wrongS}x4`).join(' ');
}
