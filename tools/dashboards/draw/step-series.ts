/** What one exporter shows of a step. */

import { STATUSES } from './runs.ts';
import { bucketsOf, sampled } from './sampled.ts';

import type { Job } from './runs.ts';
import type { Labels, Sampled } from './sampled.ts';

/** No item is skipped. */
const ITEM_STATUSES = STATUSES.filter((status) => status !== 'SKIPPED');

/** Gauges, which all exporters show, and counters if this one counted. */
export function seriesOfStep(
  job: Job,
  { step, usualS, k }: { step: string; usualS: number; k: number },
  ofJob: Labels,
  counts: boolean,
): readonly Sampled[] {
  const of = { ...ofJob, step };
  const all = job.runs.flatMap((run) => run.steps.filter((one) => one.step === step));
  const until = (timeS: number) => all.filter(({ toS }) => toS <= timeS);
  const executed = (timeS: number) =>
    until(timeS).filter(({ status }) => !/CACHED|SKIPPED/.test(status));
  const took = (timeS: number) =>
    executed(timeS)
      .filter(({ status }) => /OK|WARN/.test(status))
      .map((one) => one.toS - one.fromS);
  return [
    sampled(
      'pipeline_step_completed_timestamp_seconds',
      of,
      (t) => until(t).findLast(({ status }) => /OK|WARN|CACHED/.test(status))?.toS,
    ),
    sampled(
      'pipeline_step_failed_timestamp_seconds',
      of,
      (t) => until(t).findLast(({ status }) => /FAIL|TIMEOUT/.test(status))?.toS,
    ),
    sampled('pipeline_step_running_seconds', of, (t) => {
      const now = all.find(({ fromS, toS }) => fromS <= t && t < toS);
      return now && t - now.fromS;
    }),
    sampled('pipeline_step_last_duration_seconds', of, (t) => {
      const last = executed(t).at(-1);
      return last && last.toS - last.fromS;
    }),
    sampled('pipeline_step_usual_duration_seconds', of, (t) => {
      const earlier = took(t).slice(0, -1);
      return earlier.length < 5
        ? undefined
        : earlier.sort((a, b) => a - b)[Math.floor(earlier.length / 2)];
    }),
    // A step with a threshold shows no time limit.
    k % 2 === 0
      ? sampled('pipeline_profile_step_p95_threshold_seconds', of, () => usualS * 1.6)
      : sampled('pipeline_profile_step_timeout_seconds', of, () => 3600),
    ...(k < 2 ? [sampled('pipeline_profile_core_step_info', of, () => 1)] : []),
    sampled('pipeline_step_rows', { ...of, direction: 'out' }, (t) => {
      const times = took(t).length;
      return times === 0 ? undefined : 12_000 + 900 * k + ((times * 7919) % 800);
    }),
    ...(counts
      ? [
          ...STATUSES.map((status) =>
            sampled(
              'pipeline_step_status_total',
              { ...of, status },
              (t) => until(t).filter((one) => one.status === status).length,
            ),
          ),
          // One step of each job is done for each of its items, of which some fail with it.
          ...(k === 2 ? ITEM_STATUSES : []).map((status) =>
            sampled('pipeline_step_items_total', { ...of, status }, (t) =>
              executed(t).reduce((n, one) => n + itemsOf(one.status, status), 0),
            ),
          ),
          ...['fail', 'lost'].map((result) =>
            sampled('pipeline_step_attempts_total', { ...of, result }, (t) =>
              executed(t).reduce(
                (n, { status, retries }) =>
                  n + (result === 'lost' ? 0 : retries + (/FAIL|TIMEOUT/.test(status) ? 1 : 0)),
                0,
              ),
            ),
          ),
          ...bucketsOf('pipeline_step_duration_seconds', of, took),
        ]
      : []),
  ];
}

/** How many of forty items ended so, in a run in which their step ended as it did. */
function itemsOf(ofStep: string, status: string): number {
  if (/FAIL|TIMEOUT/.test(ofStep)) return { OK: 37, [ofStep]: 3 }[status] ?? 0;
  return status === 'OK' ? 40 : 0;
}
