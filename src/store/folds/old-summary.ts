/** The summary of a part that an earlier version compacted, in today's words. Pure. */

import { DURATION_BOUNDS, filled, mergeFilled } from './filled.ts';
import { mergeNewest, NOTHING_NEWEST } from './newest.ts';

import type { Filled } from './filled.ts';
import type { Summary } from './summary.ts';
import type { Newest } from './newest.ts';
import type { NewestOfRuns, NewestOfStep } from './newest-of.ts';
import type { RunRow } from './runs.ts';
import type { RunSums, StepSums, Sums } from './sums.ts';

type OldStep = Omit<StepSums, 'failedChecks'> &
  Pick<NewestOfStep, 'completedMs' | 'failedMs'> & {
    readonly checks: Readonly<Record<string, number>>;
    readonly lastAttemptMs?: number;
    readonly lastDuration?: { readonly atMs: number; readonly durationMs: number };
    readonly rows: Readonly<Record<string, { readonly atMs: number; readonly count: number }>>;
  };

type OldRuns = RunSums & Pick<NewestOfRuns, 'startedMs' | 'last' | 'completedMs' | 'failedMs'>;

type OldCounters = {
  readonly steps: Readonly<Record<string, OldStep>>;
  readonly runs: Readonly<Record<string, OldRuns>>;
  readonly recent: Newest['recent'];
};

/** By exporter, sums and gauges in one; gauges of processes without an exporter were not kept. */
type OldSummary = {
  readonly runs: readonly RunRow[];
  readonly counters: Readonly<Record<string, OldCounters>>;
};

/** The summary itself, or what can be known from one of an earlier version. */
export function currentSummary(summary: Summary): Summary {
  if ('form' in summary) return summary;
  const { runs, counters } = summary as OldSummary;
  const exporters = Object.entries(counters);
  return {
    form: 2,
    runs,
    running: {},
    sums: Object.fromEntries(exporters.map(([exporter, old]) => [exporter, sumsOf(old)])),
    newest: exporters
      .map(([, old]) => newestOf(old))
      // Of a time before this was written.
      .reduce((older, newer) => mergeNewest(older, newer, Infinity), NOTHING_NEWEST),
  };
}

function sumsOf({ steps, runs }: OldCounters): Sums {
  return {
    steps: mapped(steps, ({ job, profile, step, statuses, attempts, checks, durations }) => {
      const failedChecks = Object.values(checks).reduce((sum, count) => sum + count, 0);
      const refilled = inBuckets(DURATION_BOUNDS.step, durations);
      return { job, profile, step, statuses, attempts, failedChecks, durations: refilled };
    }),
    runs: mapped(runs, ({ job, profile, statuses, durations }) => {
      return { job, profile, statuses, durations: inBuckets(DURATION_BOUNDS.run, durations) };
    }),
  };
}

function newestOf({ steps, runs, recent }: OldCounters): Newest {
  return {
    steps: mapped(steps, (old) => {
      const { job, profile, step, completedMs, failedMs, lastAttemptMs, lastDuration: last } = old;
      const rows = rowsOf(old.rows);
      const seenMs = Math.max(completedMs ?? 0, failedMs ?? 0, lastAttemptMs ?? 0);
      return { job, profile, step, seenMs, completedMs, failedMs, last, rows, usual: [] };
    }),
    runs: mapped(runs, ({ job, profile, startedMs, last, completedMs, failedMs }) => {
      const seenMs = last?.endedMs ?? startedMs ?? 0;
      return { job, profile, seenMs, startedMs, last, completedMs, failedMs };
    }),
    recent,
    forgotten: {},
  };
}

function rowsOf({ out, rejected }: OldStep['rows']): NewestOfStep['rows'] {
  if (rejected !== undefined) return { ...rejected, direction: 'rejected' };
  return out === undefined ? undefined : { ...out, direction: 'out' };
}

/** Other bounds than today's: all of a bucket goes where its mean lies. */
function inBuckets(bounds: readonly number[], old: Filled): Filled {
  return old
    .map(([, count, sumS]): Filled => {
      const [[bucket]] = filled(bounds, sumS / count) as [Filled[number]];
      return [[bucket, count, sumS]];
    })
    .reduce(mergeFilled, []);
}

function mapped<A, B>(
  record: Readonly<Record<string, A>>,
  to: (value: A) => B,
): Readonly<Record<string, B>> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, to(value)]));
}
