/**
 * The metrics of one exporter, as its store has them at the moment they are asked for.
 *
 * 1. What happened is counted by being in the journal under this exporter's name; this process keeps no count of its own.
 * 2. What the store could not take down is counted all the same, while the process lives.
 * 3. Nothing here throws: what goes wrong is counted as an error.
 */

import { statfs } from 'node:fs/promises';

import { mergeNewest, newestOf, NOTHING_NEWEST } from '../store/folds/newest.ts';
import { mergeSums, NO_SUMS, sumsOf } from '../store/folds/sums.ts';
import { placeKey } from '../store/folds/merge-by.ts';
import { lookAtLimits } from '../store/shared-limit.ts';
import { MAX_SERIES, METRICS_ERRORS } from './catalogue.ts';
import { addJobs } from './job-series.ts';
import { labelText, makePage } from './page.ts';
import { makeBound, shownOf, without } from './shown-jobs.ts';
import { openStoreView } from './store-view.ts';

import type { RunShape } from '../model/events.ts';
import type { Fact } from '../store/entries.ts';
import type { Place } from '../store/folds/merge-by.ts';
import type { Leases } from '../store/leases.ts';
import type { LimitNow } from '../store/shared-limit.ts';
import type { RunJournal } from '../store/store.ts';
import type { MetricsError } from './catalogue.ts';
import type { Page } from './page.ts';
import type { Seeded } from './shown-jobs.ts';
import type { Known } from './store-view.ts';

export type Telemetry = {
  /** Everything of ours in the text format, by now. */
  text(): Promise<string>;
  /** What a file of metrics holds: jobs alone, nothing of the process, and none that is in another file. */
  fileText(isElsewhere?: (place: Pick<Place, 'job' | 'profile'>) => boolean): Promise<string>;
  /** Makes the counters of a run's steps appear at 0, before the first of them. */
  seed(shape: RunShape): void;
  /** The same for one step, on a worker that has not seen the run's start. */
  seedStep(place: Pick<Place, 'job' | 'profile'>, step: string): void;
  /** Counts what the store could not take down. */
  record(fact: Fact): void;
  metricsError(reason: MetricsError): void;
  /** Asked at each scrape how many seconds each queue has gone unserved, until what it answers is called. */
  watchQueues(ages: QueueAges): () => void;
  /** Series of ours when they were last asked for. */
  seriesCount(): number;
};

/** Seconds by task queue. */
export type QueueAges = () => ReadonlyMap<string, number>;

export type Mode = 'one-shot' | 'long-lived';

export type TelemetryOptions = {
  /** Absent for a command that has none. */
  readonly store?: Pick<RunJournal, 'changes' | 'adopter'> & Partial<Leases>;
  /** The name that this process's facts are counted under. */
  readonly exporter?: string;
  /** A long-lived exporter shows counters of all jobs while it counts for those without an exporter. */
  readonly mode?: Mode;
  readonly versions?: {
    readonly version: string;
    readonly node: string;
    readonly sdk: string;
  };
  /** Its filesystem is watched. */
  readonly stateDir?: string;
  /** Bound of the series about jobs. */
  readonly maxSeries?: number;
  readonly now?: () => number;
  /** How long a scrape waits for the store. */
  readonly storeLimitMs?: number;
};

/** The metrics of a process. Nothing is read before they are asked for. */
export function makeTelemetry({
  store,
  exporter = '',
  mode = 'one-shot',
  versions,
  stateDir,
  maxSeries = MAX_SERIES,
  now = Date.now,
  storeLimitMs = STORE_LIMIT_MS,
}: TelemetryOptions = {}): Telemetry {
  const errors = new Map<string, number>(Object.keys(METRICS_ERRORS).map((name) => [name, 0]));
  const seeded = new Map<string, { readonly place: Place; readonly atMs: number }>();
  const view = store === undefined ? undefined : openStoreView(store, exporter, now);
  const bound = makeBound(maxSeries);
  let unwritten: Omit<Known, 'running'> = { sums: NO_SUMS, newest: NOTHING_NEWEST };
  const queues = new Set<QueueAges>();
  let series = 0;

  const metricsError = (reason: MetricsError): void => {
    errors.set(reason, (errors.get(reason) ?? 0) + 1);
  };
  /** What the store answers; where it fails, or takes too long for who scrapes, `otherwise`, and it is counted. */
  const asked = async <T>(work: () => Promise<T>, otherwise: () => T): Promise<T> =>
    inTime(work(), storeLimitMs).catch(() => {
      metricsError('store');
      return otherwise();
    });
  let adopted: string | undefined;
  const adopterNow = async (): Promise<string | undefined> => (adopted = await store?.adopter());

  const seed = (place: Place): void => {
    const key = placeKey(place);
    seeded.set(key, { place, atMs: now() });
  };

  async function addAllJobs(
    page: Page,
    { isFile, isElsewhere }: { readonly isFile: boolean; readonly isElsewhere: IsElsewhere },
  ): Promise<void> {
    const [known, adopter] = await Promise.all([
      view === undefined ? undefined : asked(view.refresh, view.known),
      asked(adopterNow, () => adopted),
    ]);
    const longLived = mode === 'long-lived';
    const all = withUnwritten(known ?? NOTHING_KNOWN, unwritten, now());
    const found = shownOf(all, {
      seeded: seeded satisfies Seeded,
      countsAll: longLived && adopter === exporter,
      seededOnly: isFile && !longLived,
    });
    const { shown, refused } = bound.admit(without(found, isElsewhere));
    for (let i = 0; i < refused; i += 1) metricsError('series_limit');
    addJobs(page, shown, { ...all.newest, nowMs: now() });
  }

  let looked: { readonly atMs: number; readonly limits: readonly LimitNow[] } | undefined;
  /** Not oftener than who waits for a place looks: of a store elsewhere each look is some requests. */
  const limitsNow = async (): Promise<readonly LimitNow[]> => {
    if (store === undefined || !isWithLeases(store)) return [];
    const atMs = now();
    if (looked === undefined || Math.abs(atMs - looked.atMs) >= store.lookEveryMs)
      looked = { atMs, limits: await lookAtLimits(store, atMs, MOST_LIMITS) };
    return looked.limits;
  };

  async function addProcess(page: Page, limits: Promise<readonly LimitNow[]>): Promise<void> {
    page.add('pipeline_exporter_info', labelText({ mode }), 1);
    if (versions !== undefined) {
      const { version, node, sdk } = versions;
      page.add('pipeline_build_info', labelText({ version, node, temporal_sdk: sdk }), 1);
    }
    const disk = stateDir === undefined ? undefined : await statfs(stateDir).catch(() => undefined);
    if (disk !== undefined) {
      page.add('pipeline_state_disk_free_bytes', '', disk.bavail * disk.bsize);
      page.add('pipeline_state_disk_size_bytes', '', disk.blocks * disk.bsize);
    }
    for (const [queue, seconds] of oldest(queues)) {
      page.add('pipeline_queue_unserved_seconds', labelText({ task_queue: queue }), seconds);
    }
    for (const { name, held, longestMs } of await limits) {
      const labels = labelText({ limit: name });
      page.add('pipeline_limit_in_use', labels, held);
      if (longestMs !== undefined) {
        page.add('pipeline_limit_waiting_seconds', labels, longestMs / 1000);
      }
    }
    for (const [reason, count] of errors) {
      page.add('pipeline_metrics_errors_total', labelText({ reason }), count);
    }
  }

  return {
    text: async () => {
      const page = makePage();
      // Beside the jobs: a store that does not answer is waited for once.
      const limits = asked(limitsNow, () => looked?.limits ?? []);
      await addAllJobs(page, { isFile: false, isElsewhere: () => false });
      await addProcess(page, limits);
      series = page.count();
      return page.text();
    },
    fileText: async (isElsewhere = () => false) => {
      const page = makePage();
      await addAllJobs(page, { isFile: true, isElsewhere });
      return page.text();
    },
    seed: ({ job, profile, steps, nested = [] }) => {
      seed({ job, profile });
      for (const { id: step } of steps) seed({ job, profile, step });
      for (const inner of nested) {
        for (const { id: step } of inner.steps) seed({ job, profile: inner.profile, step });
      }
    },
    seedStep: ({ job, profile }, step) => {
      if (seeded.has(placeKey({ job, profile, step }))) return;
      seed({ job, profile, step });
    },
    record: (fact) => {
      try {
        unwritten = {
          sums: mergeSums(unwritten.sums, sumsOf([fact])),
          newest: mergeNewest(unwritten.newest, newestOf([fact], now()), now()),
        };
      } catch {
        metricsError('claim');
      }
    },
    metricsError,
    watchQueues: (ages) => {
      queues.add(ages);
      return () => void queues.delete(ages);
    },
    seriesCount: () => series,
  };
}

/** Prometheus gives up after ten seconds, unless it is told otherwise. */
const STORE_LIMIT_MS = 5_000;

/** What `work` answers. @throws Error where that takes too long for a scrape */
async function inTime<T>(work: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the store does not answer')), limitMs);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

function isWithLeases(store: Partial<Leases>): store is Leases {
  return store.leaseFolders !== undefined;
}

/** Limits that are shown: more than anybody has. */
const MOST_LIMITS = 50;

type IsElsewhere = (place: Pick<Place, 'job' | 'profile'>) => boolean;

const NOTHING_KNOWN: Known = Object.freeze({
  sums: NO_SUMS,
  newest: NOTHING_NEWEST,
  running: [],
});

function withUnwritten(
  known: Known,
  { sums, newest }: Omit<Known, 'running'>,
  nowMs: number,
): Known {
  if (sums === NO_SUMS) return known;
  return {
    sums: mergeSums(known.sums, sums),
    newest: mergeNewest(known.newest, newest, nowMs),
    running: known.running,
  };
}

/** Of each queue, how long the longest waits. */
function oldest(queues: Iterable<QueueAges>): ReadonlyMap<string, number> {
  const all = new Map<string, number>();
  for (const ages of queues) {
    for (const [queue, age] of ages()) all.set(queue, Math.max(age, all.get(queue) ?? 0));
  }
  return all;
}
