/**
 * Decides what of a store may go. Pure.
 *
 * 1. Needed are: runs that are open, of each job and profile (and partition) the newest run and the newest that ended
 *    well, the same of each `--out` that is there; and of them every result, and of each step the newest result.
 * 2. What is not needed goes as soon as it is beyond one of the bounds; without any bound all of it goes.
 * 3. A result goes only with the last run on record that used it.
 */

import type { RunRecord } from '../../model/run-record.ts';
import type { Survey, SurveyedResult, SurveyedRun } from '../../store/pruning.ts';

/** Each alone bounds what is kept beyond what is needed. */
export type PruneBounds = {
  /** Runs that ended, and results that were made, longer ago go. Milliseconds. */
  readonly olderThanMs?: number;
  /** Of each job and profile only so many of the newest runs stay. */
  readonly keepRuns?: number;
  /** The oldest go until state folder and store are within it, as far as that is possible. */
  readonly maxBytes?: number;
};

export type PruneQuestion = {
  readonly survey: Survey;
  readonly bounds: PruneBounds;
  readonly nowMs: number;
  /** Runs of this state folder: no others are taken off the record. */
  readonly isOurs: (record: RunRecord) => boolean;
  /** True for an `--out` that is there, with a delivery in it or a run's name beside it. */
  readonly isThere: (out: string) => boolean;
  /** Bytes of a run's own folder. */
  readonly bytesOfRun: (runId: string) => number;
  /** Bytes of the state folder that are neither the store's nor a run's, and stay. */
  readonly otherBytes: number;
};

export type PruneDecision = {
  readonly runs: readonly SurveyedRun[];
  readonly results: readonly SurveyedResult[];
  /** Runs of this state folder that are needed, whatever the bounds say. */
  readonly needed: number;
};

/** After so long without a word, a run whose processes cannot be seen from here counts as left. */
const HEARD_MS = 7 * 24 * 3600 * 1000;

/** A worker's result is in the journal a moment before it is heard of its run. */
const UNHEARD_MS = 3_600_000;

/** What is to be taken off the record, and which results are to be dropped. */
export function decidePrune(question: PruneQuestion): PruneDecision {
  const { survey, bounds, nowMs, isOurs } = question;
  const needed = neededRuns(question);
  const runs = survey.runs.toSorted((a, b) => startedMs(b) - startedMs(a));
  const ours = runs.filter(({ record }) => isOurs(record));
  const extra = ours.filter(({ record }) => !needed.has(record.run_id));
  const ranks = ranksOf(ours);
  const isUnbound = Object.values(bounds).every((bound) => bound === undefined);
  const { olderThanMs = Infinity, keepRuns = Infinity, maxBytes = Infinity } = bounds;
  const isOld = (ms: number): boolean => nowMs - ms > olderThanMs;
  const gone = new Set(
    extra.filter(
      (run) => isUnbound || isOld(endedMs(run)) || ranks.get(run.record.run_id)! >= keepRuns,
    ),
  );
  const uses = usesOf(question, runs);
  for (const run of gone) uses.leave(run);
  const isByNumber = isUnbound || bounds.keepRuns !== undefined;
  const dropped = new Set(
    survey.results.filter(
      (result) => !uses.has(result.fingerprint) && (isByNumber || isOld(result.writtenAtMs)),
    ),
  );
  if (maxBytes < Infinity) shrink({ question, extra, uses, gone, dropped });
  return { runs: [...gone], results: [...dropped], needed: ours.length - extra.length };
}

/** True if it was heard of so lately that its processes may still be at work, wherever they are. */
export function isHeard(heardMs: number, nowMs: number): boolean {
  return nowMs - heardMs < HEARD_MS;
}

function neededRuns({ survey, isThere }: PruneQuestion): ReadonlySet<string> {
  const newest = new Map<string, SurveyedRun>();
  const put = (key: string, run: SurveyedRun): void => {
    const before = newest.get(key);
    if (before === undefined || startedMs(run) >= startedMs(before)) newest.set(key, run);
  };
  const open: string[] = [];
  for (const run of survey.runs) {
    const { run_id, out, state, status } = run.record;
    if (state === 'open') open.push(run_id);
    const keys = [keyOf(run.record)];
    if (out !== undefined && isThere(out)) keys.push(JSON.stringify([out]));
    for (const key of keys) {
      put(`any ${key}`, run);
      if (status === 'OK' || status === 'WARN') put(`good ${key}`, run);
    }
  }
  return new Set([...open, ...[...newest.values()].map(({ record }) => record.run_id)]);
}

function keyOf({ job, profile, partition, only }: RunRecord): string {
  const chosen = only === undefined ? [] : [{ step: only.step }];
  return JSON.stringify([job, profile, ...(partition === undefined ? [] : [partition]), ...chosen]);
}

/** The place of each among the runs of its job and profile, the newest first. */
function ranksOf(runs: readonly SurveyedRun[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  return new Map(
    runs.map(({ record }) => {
      const key = keyOf(record);
      const rank = counts.get(key) ?? 0;
      counts.set(key, rank + 1);
      return [record.run_id, rank] as const;
    }),
  );
}

type Uses = {
  has(fingerprint: string): boolean;
  /** A run goes; what only it used is used by nobody now, and answered. */
  leave(run: SurveyedRun): readonly string[];
};

/** By how many runs each result is used. What is newest of its step is used for ever. */
function usesOf({ survey, nowMs }: PruneQuestion, runs: readonly SurveyedRun[]): Uses {
  const madeBy = new Map<string, string[]>();
  const known = new Set(runs.map(({ record }) => record.run_id));
  const isGoing = ({ heardMs }: Survey['heard'][number]): boolean => isHeard(heardMs, nowMs);
  const heard = new Set(survey.heard.filter(isGoing).map(({ runId }) => runId));
  const counts = new Map<string, number>();
  const add = (fingerprint: string, n: number): number => {
    const count = (counts.get(fingerprint) ?? 0) + n;
    counts.set(fingerprint, count);
    return count;
  };
  const itemsOf = new Map<string, string[]>();
  const parts = new Map(survey.results.map((result) => [result.fingerprint, result.parts]));
  /** These, and the items that they were put together of. */
  const withParts = (fingerprints: Iterable<string>): readonly string[] => [
    ...new Set([...fingerprints].flatMap((each) => [each, ...(parts.get(each) ?? [])])),
  ];
  for (const part of withParts(survey.latest)) if (!survey.latest.has(part)) add(part, 1);
  for (const { fingerprint, runId, writtenAtMs, isItem } of survey.results) {
    const isHeld =
      heard.has(runId) || (!known.has(runId) && Math.abs(nowMs - writtenAtMs) < UNHEARD_MS);
    if (survey.latest.has(fingerprint) || isHeld) add(fingerprint, 1);
    if (isItem === true) {
      const items = itemsOf.get(runId);
      if (items === undefined) itemsOf.set(runId, [fingerprint]);
      else items.push(fingerprint);
    }
    const made = madeBy.get(runId);
    if (made === undefined) madeBy.set(runId, [fingerprint]);
    else made.push(fingerprint);
  }
  // What an open run made is not all told yet; of an older record only what it made is known.
  // Items are told one by one to nobody: those it made are its own, also where their step failed.
  const usedBy = ({ record, uses }: SurveyedRun): readonly string[] =>
    withParts([
      ...(uses ?? []),
      ...(uses === undefined || record.state === 'open' ? (madeBy.get(record.run_id) ?? []) : []),
      ...(itemsOf.get(record.run_id) ?? []),
    ]);
  for (const run of runs) for (const fingerprint of usedBy(run)) add(fingerprint, 1);
  return {
    has: (fingerprint) => (counts.get(fingerprint) ?? 0) > 0,
    leave: (run) => usedBy(run).filter((fingerprint) => add(fingerprint, -1) === 0),
  };
}

/** Adds the oldest to what goes until the rest is small enough. */
function shrink({
  question: { survey, bounds, bytesOfRun, otherBytes, isOurs },
  extra,
  uses,
  gone,
  dropped,
}: {
  readonly question: PruneQuestion;
  readonly extra: readonly SurveyedRun[];
  readonly uses: Uses;
  readonly gone: Set<SurveyedRun>;
  readonly dropped: Set<SurveyedResult>;
}): void {
  const results = new Map(survey.results.map((result) => [result.fingerprint, result]));
  const names = new Map<string, number>();
  let bytes = otherBytes + survey.bytes.artifacts + survey.bytes.journal;
  for (const { files } of survey.results) {
    for (const { name } of files) names.set(name, (names.get(name) ?? 0) + 1);
  }
  const takeAway = ({ files }: SurveyedResult): void => {
    for (const { name, bytes: size } of files) {
      const count = (names.get(name) ?? 0) - 1;
      names.set(name, count);
      if (count === 0) bytes -= size;
    }
  };
  // What no result names is swept in any case.
  const listed = survey.results.flatMap(({ files }) => files);
  const namedBytes = new Map(listed.map((file) => [file.name, file.bytes]));
  bytes -= survey.bytes.artifacts - [...namedBytes.values()].reduce((sum, size) => sum + size, 0);
  for (const { record } of survey.runs) {
    if (isOurs(record)) bytes += bytesOfRun(record.run_id);
  }
  for (const { record } of gone) bytes -= bytesOfRun(record.run_id);
  for (const result of dropped) takeAway(result);

  const oldest = [
    ...extra.filter((run) => !gone.has(run)).map((run) => ({ atMs: endedMs(run), run })),
    ...survey.results
      .filter((result) => !dropped.has(result) && !uses.has(result.fingerprint))
      .map((result) => ({ atMs: result.writtenAtMs, result })),
  ].sort((a, b) => a.atMs - b.atMs);
  const drop = (result: SurveyedResult | undefined): void => {
    if (result === undefined || dropped.has(result)) return;
    dropped.add(result);
    takeAway(result);
  };
  for (const one of oldest) {
    if (bytes <= (bounds.maxBytes ?? Infinity)) return;
    if ('result' in one) drop(one.result);
    else {
      gone.add(one.run);
      bytes -= bytesOfRun(one.run.record.run_id);
      for (const fingerprint of uses.leave(one.run)) drop(results.get(fingerprint));
    }
  }
}

function startedMs({ record }: SurveyedRun): number {
  return Date.parse(record.started_at);
}

function endedMs({ record }: SurveyedRun): number {
  return Date.parse(record.finished_at ?? record.started_at);
}
