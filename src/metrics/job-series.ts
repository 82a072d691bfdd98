/** The series of jobs: what is known of their steps and runs, as samples. Pure. */

import { ITEM_STATUSES, RUN_STATUSES, STATUSES } from '../model/outcome.ts';
import { ATTEMPT_RESULTS } from './catalogue.ts';
import { labelText } from './page.ts';
import { isWithItems } from './shown-jobs.ts';

import type { Newest } from '../store/folds/newest.ts';
import type { NewestOfStep } from '../store/folds/newest-of.ts';
import type { Page } from './page.ts';
import type { Shown, ShownRuns, ShownStep } from './shown-jobs.ts';

/** Under so many executions nothing is usual. */
const USUAL_FROM = 5;

/** Adds every series of what is shown. */
export function addJobs(
  page: Page,
  shown: Shown,
  { recent, failed = {}, nowMs }: Pick<Newest, 'failed' | 'recent'> & { readonly nowMs: number },
): void {
  for (const step of shown.steps) addStep(page, step, nowMs);
  for (const runs of shown.runs) addRuns(page, runs);
  for (const { runId, job, profile } of recent) {
    if (!shown.isShown({ job, profile })) continue;
    page.add('pipeline_run_info', labelText({ run_id: runId, job, profile }), 1);
  }
  for (const { runId, job, profile } of Object.values(failed)) {
    if (!shown.isShown({ job, profile })) continue;
    page.add('pipeline_run_failed_info', labelText({ run_id: runId, job, profile }), 1);
  }
}

function addStep({ add, addHistogram }: Page, shown: ShownStep, nowMs: number): void {
  const { place, newest, sums, settings, beganMs } = shown;
  const labels = labelText(place);
  if (shown.isCounted) {
    for (const status of STATUSES) {
      const count = sums?.statuses[status] ?? 0;
      add('pipeline_step_status_total', `${labels},status="${status}"`, count);
    }
    for (const [result, count] of failedAttempts(sums?.attempts)) {
      add('pipeline_step_attempts_total', `${labels},result="${result}"`, count);
    }
    if (isWithItems(shown)) {
      for (const status of ITEM_STATUSES) {
        const count = sums?.items?.[status] ?? 0;
        add('pipeline_step_items_total', `${labels},status="${status}"`, count);
      }
    }
    add('pipeline_check_failures_total', labels, sums?.failedChecks ?? 0);
    addHistogram('pipeline_step_duration_seconds', labels, sums?.durations ?? []);
  }
  const { completedMs, failedMs, last, rows } = newest ?? {};
  if (completedMs !== undefined) {
    add('pipeline_step_completed_timestamp_seconds', labels, completedMs / 1000);
  }
  if (failedMs !== undefined) {
    add('pipeline_step_failed_timestamp_seconds', labels, failedMs / 1000);
  }
  if (last !== undefined)
    add('pipeline_step_last_duration_seconds', labels, last.durationMs / 1000);
  if (rows !== undefined) {
    add('pipeline_step_rows', `${labels},direction="${rows.direction}"`, rows.count);
  }
  if (beganMs !== undefined) {
    add('pipeline_step_running_seconds', labels, Math.max(0, nowMs - beganMs) / 1000);
  }
  const usualMs = usualOf(newest?.usual ?? []);
  if (usualMs !== undefined) add('pipeline_step_usual_duration_seconds', labels, usualMs / 1000);
  if (settings === undefined) return;
  if (settings.core) add('pipeline_profile_core_step_info', labels, 1);
  const { p95Ms, timeoutMs } = settings;
  if (p95Ms !== undefined) {
    add('pipeline_profile_step_p95_threshold_seconds', labels, p95Ms / 1000);
  } else if (timeoutMs !== undefined) {
    add('pipeline_profile_step_timeout_seconds', labels, timeoutMs / 1000);
  }
}

function addRuns({ add, addHistogram }: Page, { place, newest, sums, isCounted }: ShownRuns): void {
  const labels = labelText(place);
  if (isCounted) {
    for (const status of RUN_STATUSES) {
      const count = sums?.statuses[status] ?? 0;
      add('pipeline_run_status_total', `${labels},status="${status}"`, count);
    }
    addHistogram('pipeline_run_duration_seconds', labels, sums?.durations ?? []);
  }
  const { startedMs, last, completedMs, failedMs, shape } = newest ?? {};
  if (startedMs !== undefined) {
    add('pipeline_run_started_timestamp_seconds', labels, startedMs / 1000);
  }
  if (last !== undefined) {
    add('pipeline_run_ended_timestamp_seconds', labels, last.endedMs / 1000);
    add('pipeline_run_last_duration_seconds', labels, last.durationMs / 1000);
  }
  if (completedMs !== undefined) {
    add('pipeline_run_completed_timestamp_seconds', labels, completedMs / 1000);
  }
  if (failedMs !== undefined) {
    add('pipeline_run_failed_timestamp_seconds', labels, failedMs / 1000);
  }
  if (shape?.expectedEveryMs !== undefined) {
    add('pipeline_profile_expected_period_seconds', labels, shape.expectedEveryMs / 1000);
  }
}

/** By the name they are counted under. */
function failedAttempts(attempts: Readonly<Record<string, number>> = {}): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [ending, result] of Object.entries(ATTEMPT_RESULTS)) {
    counts.set(result, (counts.get(result) ?? 0) + (attempts[ending] ?? 0));
  }
  return counts;
}

/** The median, without the newest. */
function usualOf(usual: NewestOfStep['usual']): number | undefined {
  const durations = usual
    .slice(0, -1)
    .map(([, durationMs]) => durationMs)
    .sort((a, b) => a - b);
  if (durations.length < USUAL_FROM) return undefined;
  const middle = durations.length >> 1;
  return durations.length % 2 === 1
    ? durations[middle]
    : (durations[middle - 1]! + durations[middle]!) / 2;
}
