/** The three that the specification suggests. */

import { setting, step } from '../case.ts';

import type { Case } from '../case.ts';

const bucket = (le: string, id: string) => step('duration_seconds_bucket', id, { le });

export const SPECIFICATION: readonly Case[] = [
  {
    alert: 'PipelineStepFailedRecently',
    claim: 'a step that failed counts for five minutes, another end does not',
    series: {
      [step('status_total', 'load', { status: 'FAIL' })]: '0x5 1x20',
      [step('status_total', 'other', { status: 'OK' })]: '0x5 1x20',
    },
    firing: { '5m': [], '6m': ['load'], '9m': ['load'], '11m': [] },
  },
  {
    alert: 'PipelineStepLatencyRegression',
    claim: 'the P95 of an hour, over all workers, is compared with the threshold of the step',
    every: '5m',
    series: {
      // Of two workers: 15 within 20 s, 10 within 40 s, so P95 is 37.5 s.
      [bucket('20', 'load')]: '0 15x40',
      [bucket('40', 'load')]: '0 15x40',
      [bucket('+Inf', 'load')]: '0 15x40',
      [step('duration_seconds_bucket', 'load', { le: '20', instance: 'b' })]: '0 0x40',
      [step('duration_seconds_bucket', 'load', { le: '40', instance: 'b' })]: '0 10x40',
      [step('duration_seconds_bucket', 'load', { le: '+Inf', instance: 'b' })]: '0 10x40',
      [setting('step_p95_threshold_seconds', 'load')]: '30x40',
      [setting('step_p95_threshold_seconds', 'load', { instance: 'b' })]: '30x40',
      // The same with a threshold that allows it.
      [bucket('20', 'patient')]: '0 15x40',
      [bucket('40', 'patient')]: '0 25x40',
      [bucket('+Inf', 'patient')]: '0 25x40',
      [setting('step_p95_threshold_seconds', 'patient')]: '38x40',
      [setting('step_p95_threshold_seconds', 'patient', { instance: 'b' })]: '20x40',
      [setting('step_p95_threshold_seconds', 'load', { profile: 'q' })]: '60x40',
      // Without a threshold, and in another job on the same profile.
      [bucket('20', 'free')]: '0 0x40',
      [bucket('40', 'free')]: '0 10x40',
      [bucket('+Inf', 'free')]: '0 10x40',
      [setting('step_p95_threshold_seconds', 'load', { job: 'quick' })]: '30x40',
      [step('duration_seconds_bucket', 'load', { le: '20', job: 'quick' })]: '0 10x40',
      [step('duration_seconds_bucket', 'load', { le: '40', job: 'quick' })]: '0 10x40',
      [step('duration_seconds_bucket', 'load', { le: '+Inf', job: 'quick' })]: '0 10x40',
    },
    firing: { '0m': [], '10m': ['load'], '55m': ['load'], '70m': [] },
  },
  {
    alert: 'PipelineNoStepData',
    claim: 'no process shows a completed step for a minute',
    by: 'severity',
    series: { [step('completed_timestamp_seconds', 'load')]: '1 1 stale _x4 1x5' },
    firing: { '1m': [], '2m': [], '3m': ['info'], '6m': ['info'], '8m': [] },
  },
];
