/** Puts the sums of earlier facts into instruments: the same values that recording each fact would give. */

import { ROW_DIRECTIONS } from './catalogue.ts';

import type { RunCounters, StepCounters } from '../store/folds/counters.ts';
import type { Instruments } from './instruments.ts';

/** The sums of one step. */
export function showStep({ add, set, raise, refill }: Instruments, counters: StepCounters): void {
  const { job, profile, step, completedMs, failedMs, lastAttemptMs, lastDuration } = counters;
  const labels = { job, profile, step };
  for (const [status, n] of Object.entries(counters.statuses)) {
    add('pipeline_step_status_total', { ...labels, status }, n);
  }
  for (const [check, n] of Object.entries(counters.checks)) {
    add('pipeline_check_failures_total', { ...labels, check }, n);
  }
  for (const [result, n] of Object.entries(counters.attempts)) {
    add('pipeline_step_attempts_total', { profile, step, result }, n);
  }
  refill('pipeline_step_duration_seconds', { profile, step }, counters.durations);
  if (completedMs !== undefined) {
    raise('pipeline_step_completed_timestamp_seconds', labels, completedMs / 1000);
  }
  if (failedMs !== undefined) {
    raise('pipeline_step_failed_timestamp_seconds', labels, failedMs / 1000);
  }
  if (lastAttemptMs !== undefined) {
    set('pipeline_step_last_attempt_timestamp_seconds', labels, lastAttemptMs / 1000);
  }
  if (lastDuration !== undefined) {
    set('pipeline_step_last_duration_seconds', labels, lastDuration.durationMs / 1000);
  }
  for (const direction of ROW_DIRECTIONS) {
    const rows = counters.rows[direction];
    if (rows !== undefined) set('pipeline_step_rows', { ...labels, direction }, rows.count);
  }
}

/** The sums of the runs of one job and profile. */
export function showRuns({ add, set, raise, refill }: Instruments, counters: RunCounters): void {
  const { job, profile, startedMs, last, completedMs, failedMs } = counters;
  const labels = { job, profile };
  for (const [status, n] of Object.entries(counters.statuses)) {
    add('pipeline_run_status_total', { ...labels, status }, n);
  }
  refill('pipeline_run_duration_seconds', labels, counters.durations);
  if (startedMs !== undefined) {
    raise('pipeline_run_started_timestamp_seconds', labels, startedMs / 1000);
  }
  if (last !== undefined) {
    set('pipeline_run_ended_timestamp_seconds', labels, last.endedMs / 1000);
    set('pipeline_run_last_duration_seconds', labels, last.durationMs / 1000);
  }
  if (completedMs !== undefined) {
    raise('pipeline_run_completed_timestamp_seconds', labels, completedMs / 1000);
  }
  if (failedMs !== undefined) {
    raise('pipeline_run_failed_timestamp_seconds', labels, failedMs / 1000);
  }
}
