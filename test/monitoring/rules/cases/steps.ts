/** Steps that fail, hang or are slow, and data that does not come. */

import { run, setting, step } from '../case.ts';

import type { Case } from '../case.ts';

const completed = (id: string, labels = {}) => step('completed_timestamp_seconds', id, labels);
const failed = (id: string, labels = {}) => step('failed_timestamp_seconds', id, labels);

export const STEPS: readonly Case[] = [
  {
    alert: 'PipelineStepFailing',
    claim: 'holds until the step has succeeded, whichever exporter is late, and five minutes more',
    series: {
      [completed('load')]: '100x5 100x10 1000x40',
      [completed('load', { instance: 'b' })]: '_ 1x16 900x40',
      [failed('load')]: '_ 50x5 500x50',
      [failed('load', { instance: 'b' })]: '_ 50x7 500x50',
      // It never succeeded; it succeeded at the time at which it failed; another job on the profile is well.
      [failed('first')]: '_ _x4 100x50',
      [failed('same')]: '100x50',
      [completed('same')]: '100x50',
      [completed('load', { job: 'k' })]: '100x50',
      [run('run_started_timestamp_seconds', 'j')]: '1x50',
    },
    firing: {
      '4m': [],
      '7m': ['first', 'load'],
      '15m': ['first', 'load'],
      '20m': ['first', 'load'],
      '22m': ['first'],
    },
  },
  {
    alert: 'PipelineStepFailing',
    claim: 'is bridged over a restart, and ends with a job that was forgotten',
    series: {
      [failed('load')]: '9x5 stale _x3 9x3 stale',
      [run('run_started_timestamp_seconds', 'j')]: '1x5 stale _x3 1x3 stale',
    },
    firing: { '5m': ['load'], '8m': ['load'], '12m': ['load'], '20m': [] },
  },
  {
    alert: 'PipelineStepFailing',
    claim: 'of a profile that is a step, that step is told, and nothing where it may fail',
    series: {
      [failed('outer')]: '_x4 9x20',
      [failed('deep', { profile: 'inner' })]: '_x4 9x20',
      // Of a profile that another job runs by itself.
      [failed('allowed', { job: 'k', profile: 'p' })]: '_x4 9x20',
      [run('run_started_timestamp_seconds', 'j')]: '1x20',
      [run('run_started_timestamp_seconds', 'k', { profile: 'q' })]: '1x20',
    },
    firing: { '3m': [], '5m': ['outer'], '20m': ['outer'] },
  },
  {
    alert: 'PipelineStepFlapping',
    claim: 'three times within a day a step began to fail',
    every: '30m',
    series: {
      [failed('load')]: '_ 10x100',
      [completed('load')]: '1 1 20 20 1 1 20 20 1 1 20x100',
      // Another alert of a step that completes all the time comes and goes.
      [completed('slow')]: '1+1x100',
      [setting('step_p95_threshold_seconds', 'slow')]: '60x100',
      [step('last_duration_seconds', 'slow')]: '1 1 99 99 1 1 99 99 1 1 99 99 1x100',
      // Failed for as long, once; and twice.
      [failed('broken')]: '_ 10x100',
      [failed('twice')]: '_ 10x100',
      [completed('twice')]: '1 1 20 20 1 1 20x100',
      // Fails all the time, and is not seen now and then.
      [failed('away')]: '10 10 stale _ 10 10 stale _ 10x100',
      [completed('away')]: '1 1 stale _ 1 1 stale _ 1x100',
      [run('run_started_timestamp_seconds', 'j')]: '1x100',
    },
    firing: { '3h30m': [], '4h30m': ['load'], '24h': ['load'], '27h': [] },
  },
  {
    alert: 'PipelineStepFlapping',
    claim: 'it is that step of that job and profile that completed in between, twice',
    every: '30m',
    series: {
      [failed('load')]: '_ 10 10 10 30 30 30 50x100',
      [completed('load')]: '1 1 20 20 20 40 40 40x100',
      // Seen to begin three times, while it completed once; twins that are well complete all the time.
      [failed('once')]: '_ 30 stale _ 30 stale _ 30x100',
      [completed('once')]: '1 1 stale _ 20 stale _ 20x100',
      [completed('once', { job: 'k' })]: '1+1x100',
      [completed('once', { profile: 'q' })]: '1+1x100',
      [completed('other')]: '1+1x100',
      // As once, a day after it completed twice.
      [completed('old')]: '1 2 3x58 3 stale _ 3 stale _ 3x40',
      [failed('old')]: '_x60 30 stale _ 30 stale _ 30x40',
      // An exporter that is late with a completion does not take it back.
      [completed('load', { instance: 'b' })]: '1x100',
      [run('run_started_timestamp_seconds', 'j')]: '1x100',
    },
    firing: { '3h': [], '4h': ['load'], '24h': ['load'], '27h': [], '35h': [] },
  },
  {
    alert: 'PipelineStepStuck',
    claim: 'above its threshold, else three times the usual and ten seconds, else half its timeout',
    series: {
      [setting('step_p95_threshold_seconds', 'threshold')]: '60x20',
      [step('usual_duration_seconds', 'threshold')]: '10x20',
      [step('running_seconds', 'threshold')]: '0+30x5 stale',
      [step('running_seconds', 'threshold', { instance: 'b' })]: '0x5 stale',
      [setting('step_timeout_seconds', 'usual')]: '600x20',
      [step('usual_duration_seconds', 'usual')]: '20x20',
      [setting('step_p95_threshold_seconds', 'usual', { job: 'k' })]: '600x20',
      [setting('step_p95_threshold_seconds', 'usual', { profile: 'q' })]: '600x20',
      [step('running_seconds', 'usual')]: '0+35x5 stale',
      [setting('step_timeout_seconds', 'timeout')]: '200x20',
      [setting('step_timeout_seconds', 'timeout', { instance: 'b' })]: '100x20',
      [step('running_seconds', 'timeout')]: '0+50x5 stale',
      [setting('step_p95_threshold_seconds', 'quick')]: '200x20',
      [step('running_seconds', 'quick')]: '0+40x5 stale',
    },
    firing: {
      '2m': [],
      '3m': ['threshold', 'timeout', 'usual'],
      '5m': ['threshold', 'timeout', 'usual'],
      '6m': [],
    },
  },
  {
    alert: 'PipelineStepSlow',
    claim: 'above its threshold, else three times the usual and ten seconds; ends with a quick run',
    series: {
      [setting('step_p95_threshold_seconds', 'threshold')]: '60x40',
      [step('usual_duration_seconds', 'threshold')]: '100x40',
      [step('last_duration_seconds', 'threshold')]: '60 60 61x5 20x40',
      [step('usual_duration_seconds', 'usual')]: '20x40',
      [step('usual_duration_seconds', 'usual', { instance: 'b' })]: '1x40',
      [setting('step_p95_threshold_seconds', 'threshold', { instance: 'b' })]: '10x40',
      [setting('step_p95_threshold_seconds', 'usual', { job: 'k' })]: '600x40',
      [setting('step_p95_threshold_seconds', 'usual', { profile: 'q' })]: '600x40',
      [step('last_duration_seconds', 'usual', { instance: 'b' })]: '1x40',
      [step('last_duration_seconds', 'usual')]: '60 70 71x5 20x40',
      // A short step is not slow because it took some seconds; nor one that has neither.
      [step('usual_duration_seconds', 'short')]: '0.1x40',
      [step('last_duration_seconds', 'short')]: '10x40',
      [setting('step_timeout_seconds', 'new')]: '1x40',
      [step('last_duration_seconds', 'new')]: '5000x40',
    },
    firing: {
      '1m': [],
      '2m': ['threshold', 'usual'],
      '11m': ['threshold', 'usual'],
      '13m': [],
    },
  },
  {
    alert: 'PipelineCoreStepNoData',
    claim:
      'a core step has a period and a tenth to complete in; without a period it need only have completed',
    every: '10m',
    series: {
      [run('run_ended_timestamp_seconds', 'j')]: '1x80',
      [run('profile_expected_period_seconds', 'j')]: '6000x80',
      [setting('core_step_info', 'load')]: '1x80',
      [completed('load')]: '1x20 13000x80',
      [completed('load', { instance: 'b' })]: '0x80',
      [run('profile_expected_period_seconds', 'j', { instance: 'b' })]: '600x80',
      [completed('load', { job: 'k' })]: '1x80',
      [completed('load', { profile: 'q' })]: '1x80',
      [run('run_ended_timestamp_seconds', 'j', { profile: 'q' })]: '1x80',
      [run('run_ended_timestamp_seconds', 'l', { profile: 'q' })]: '1x80',
      // One that comes with each run, and one that never came.
      [setting('core_step_info', 'fresh')]: '1x80',
      [completed('fresh')]: '0+600x80',
      [setting('core_step_info', 'never')]: '1x80',
      [completed('uncore')]: '1x80',
      // Another job on the same profile without a period.
      [run('run_ended_timestamp_seconds', 'k')]: '_x10 7000x80',
      [setting('core_step_info', 'seldom', { job: 'k' })]: '1x80',
      [completed('seldom', { job: 'k' })]: '1x80',
      [setting('core_step_info', 'missing', { job: 'k' })]: '1x80',
      // A job whose first run is still going on.
      [run('profile_expected_period_seconds', 'l')]: '6000x80',
      [setting('core_step_info', 'first', { job: 'l' })]: '1x80',
    },
    firing: {
      '0m': [],
      '10m': ['never'],
      '100m': ['never'],
      '110m': ['missing', 'never'],
      '130m': ['load', 'missing', 'never'],
      '210m': ['load', 'missing', 'never'],
      '220m': ['missing', 'never'],
    },
  },
  {
    alert: 'PipelineStepRetrying',
    claim: 'more attempts failed than succeeded in six hours, and no run failed for it',
    every: '5m',
    series: {
      [step('attempts_total', 'thrice', { result: 'fail' })]: '0x5 2x150',
      [step('duration_seconds_count', 'thrice')]: '0x5 1x150',
      [step('status_total', 'thrice', { status: 'OK' })]: '0x5 1x150',
      [step('status_total', 'thrice', { status: 'FAIL' })]: '0x150',
      [step('attempts_total', 'spread', { result: 'fail' })]: '0x5 1x150',
      [step('attempts_total', 'spread', { result: 'fail', instance: 'b' })]: '0x5 1x150',
      [step('duration_seconds_count', 'spread')]: '0x5 1x150',
      // Tried again once, by two workers; not at its end yet; lost, not failed; and one whose run failed.
      [step('attempts_total', 'once', { result: 'fail' })]: '0x5 2x150',
      [step('duration_seconds_count', 'once')]: '0x5 1x150',
      [step('duration_seconds_count', 'once', { instance: 'b' })]: '0x5 1x150',
      [step('attempts_total', 'trying', { result: 'fail' })]: '0x5 2x150',
      [step('duration_seconds_count', 'trying')]: '0x150',
      [step('attempts_total', 'lost', { result: 'lost' })]: '0x5 3x150',
      [step('duration_seconds_count', 'lost')]: '0x5 1x150',
      [step('attempts_total', 'failed', { result: 'fail' })]: '0x5 6x150',
      [step('duration_seconds_count', 'failed')]: '0x5 1x150',
      [step('status_total', 'failed', { status: 'TIMEOUT' })]: '0x5 1x150',
      // Of two jobs, whose run has ended as one exporter knows, and whose last run is open.
      [step('attempts_total', 'ended', { job: 'k', result: 'fail' })]: '0x5 2x150',
      [step('duration_seconds_count', 'ended', { job: 'k' })]: '0x5 1x150',
      [run('run_started_timestamp_seconds', 'k')]: '100x150',
      [run('run_ended_timestamp_seconds', 'k')]: '200x150',
      [run('run_ended_timestamp_seconds', 'k', { instance: 'b' })]: '50x150',
      [run('run_started_timestamp_seconds', 'k', { profile: 'q' })]: '300x150',
      [run('run_ended_timestamp_seconds', 'k', { profile: 'q' })]: '50x150',
      [step('attempts_total', 'open', { job: 'l', result: 'fail' })]: '0x5 2x150',
      [step('duration_seconds_count', 'open', { job: 'l' })]: '0x5 1x150',
      [run('run_started_timestamp_seconds', 'l')]: '300x150',
      [run('run_started_timestamp_seconds', 'l', { instance: 'b' })]: '100x150',
      [run('run_ended_timestamp_seconds', 'l')]: '200x150',
      // What was more than six hours ago: failed attempts, good ones, a run that failed.
      [step('attempts_total', 'before', { result: 'fail' })]: '0x5 3x150',
      [step('duration_seconds_count', 'before')]: '0x80 1x150',
      [step('attempts_total', 'since', { result: 'fail' })]: '0x80 3x150',
      [step('duration_seconds_count', 'since')]: '0x5 1x150',
      [step('attempts_total', 'again', { result: 'fail' })]: '0x80 2x150',
      [step('duration_seconds_count', 'again')]: '0x80 1x150',
      [step('status_total', 'again', { status: 'FAIL' })]: '0x5 1x150',
    },
    firing: {
      '20m': [],
      '30m': ['ended', 'spread', 'thrice'],
      '350m': ['ended', 'spread', 'thrice'],
      // An hour longer, so that a run that is open does not end it.
      '420m': ['again', 'ended', 'spread', 'thrice'],
      '460m': ['again'],
    },
  },
  {
    alert: 'PipelineCheckFailing',
    claim: 'a check found offending rows within the hour',
    every: '5m',
    series: {
      [run('check_failures_total', 'j', { step: 'check' })]: '0x5 1x50',
      [run('check_failures_total', 'j', { step: 'other' })]: '3x50',
    },
    firing: { '20m': [], '30m': ['check'], '80m': ['check'], '95m': [] },
  },
  {
    alert: 'PipelineWorkerLost',
    claim: 'an attempt was lost with its worker within the hour',
    every: '5m',
    series: {
      [step('attempts_total', 'load', { result: 'lost' })]: '0x5 1x50',
      [step('attempts_total', 'other', { result: 'fail' })]: '0x5 1x50',
    },
    firing: { '20m': [], '30m': ['load'], '80m': ['load'], '95m': [] },
  },
];
