/** What a journal holds: results by fingerprint, and what happened in runs. Plain JSON. Pure types. */

import type { Column } from '../model/column.ts';
import type { Ending } from '../model/endings.ts';
import type { RunShape } from '../model/events.ts';
import type { ItemCounts, Outcome, RunStatus, Status } from '../model/outcome.ts';
import type { RunRecord } from '../model/run-record.ts';
import type { ArtifactRef, StepResult } from '../model/step-result.ts';

/** A step result as it lies in the store, with what a later reader must know about it. */
export type StoredResult = {
  readonly result: Omit<StepResult, 'cached' | 'adopted' | 'durationMs'>;
  /** Step that made it, under whose name `latestOf` finds it; absent for what is never reused. */
  readonly step?: {
    readonly job: string;
    readonly profile: string;
    /** Absent where the job is not cut. */
    readonly partition?: string;
    /** Name in its run of the step that its profile was; absent for a step of the run itself. */
    readonly within?: string;
    readonly id: string;
  };
  /** It is that of one item of a step: kept by the run that made it, and by what is put together of it. */
  readonly item?: true;
  /** What says how the items ended that it was put together of: lines of JSON, each with a `fingerprint`. */
  readonly parts?: readonly ArtifactRef[];
  /** Run that wrote it: found by the same run it is OK, by another CACHED. */
  readonly runId: string;
  readonly writtenAtMs: number;
  /** Duration of the attempt that made it. */
  readonly durationMs: number;
  /** Everything the fingerprint was made of, so that `explain` can say exactly what changed. */
  readonly ingredients: unknown;
  /** Columns of the outputs that are tables, by output name. */
  readonly columns: Readonly<Record<string, readonly Column[]>>;
  /** The machine's boot it was written in; after another boot its artifacts are hashed again. */
  readonly bootId: string;
};

/** The first result of a fingerprint stays, until it is dropped because its artifacts are gone. */
export type ResultEntry =
  | { readonly type: 'result'; readonly fingerprint: string; readonly stored: StoredResult }
  | {
      readonly type: 'drop';
      readonly fingerprint: string;
      /** The append that wrote the result: what another one put there meanwhile stays. */
      readonly by: string;
    }
  /** Brings back what was dropped, unless another one is there. It does not become the newest of its step by that. */
  | { readonly type: 'restore'; readonly fingerprint: string };

/** What every entry of a run says. An entry of a lower generation than one before it is void. */
type OfRun = {
  readonly runId: string;
  /** Counts the starts of the run's workflow, from 1. */
  readonly generation: number;
  readonly job: string;
  readonly profile: string;
  /** Of a step of a profile that is a step: the name of that one in the run. `profile` then is its profile. */
  readonly within?: string;
  readonly atMs: number;
  /** A run of some steps alone: its record tells of it, no metric does. */
  readonly aside?: true;
};

/** One countable fact. Enough to rebuild every counter, histogram and gauge from. */
export type Fact = OfRun & {
  /** Exporter that counts it: whose counters go on from it. Absent: none does, and none ever will. */
  readonly exporter?: string;
} & (
    | { readonly type: 'outcome'; readonly outcome: Outcome }
    | {
        readonly type: 'item';
        readonly step: string;
        readonly item: number;
        readonly status: Status;
      }
    | {
        readonly type: 'attempt';
        readonly step: string;
        /** Of this item of the step. */
        readonly item?: number;
        readonly kind: string;
        readonly attempt: number;
        readonly result: Ending;
        readonly durationMs: number;
        /** OK and WARN attempts only: they enter the histogram. */
        readonly observed: boolean;
        readonly rowsIn?: number;
        readonly rowsOut?: number;
        readonly rowsRejected?: number;
      }
    | {
        readonly type: 'run';
        readonly status: RunStatus;
        readonly startedAtMs: number;
        readonly durationMs: number;
      }
  );

/** What a record needs beside the facts, and nobody counts. */
export type RunNote = OfRun &
  (
    | { readonly type: 'start'; readonly record: RunRecord }
    /** The run is taken off the record, unless it is open, or was started again since. */
    | { readonly type: 'prune'; readonly silent: boolean }
    /** An attempt: `began` where it is executed; else somebody heard of it, and it may still wait. */
    | {
        readonly type: 'step';
        readonly step: string;
        readonly item?: number;
        readonly attempt: number;
        readonly began?: true;
        /** It waits for a place of this limit, and is not executed meanwhile. */
        readonly waits?: string;
      }
    /** How many items a step has, and how those ended that were finished before. */
    | {
        readonly type: 'items';
        readonly step: string;
        readonly total: number;
        readonly counts: ItemCounts;
      }
    /** What it began with: steps and alert settings. */
    | { readonly type: 'shape'; readonly shape: RunShape }
    | { readonly type: 'note'; readonly patch: Partial<RunRecord> }
    /** The command's last word: what it knows of the end, each step's outcome included. */
    | {
        readonly type: 'closed';
        readonly status: RunStatus;
        readonly outcomes: readonly Outcome[];
        readonly error?: string;
      }
  );

export type RunEntry = Fact | RunNote;

/** What is said of metrics alone. */
export type MetricsEntry =
  /** A job is gone: what is known of it until now is shown no longer. */
  | { readonly type: 'forget'; readonly job: string; readonly atMs: number }
  /** From now on this exporter counts for processes that have none. */
  | { readonly type: 'adopter'; readonly exporter: string; readonly atMs: number };

export type Entry = ResultEntry | RunEntry | MetricsEntry;
