/** The store as a port: artifacts by content, and the journal of what happened. Imports only the model. */

import type { ArtifactRef } from '../model/step-result.ts';
import type { RunRecord } from '../model/run-record.ts';
import type { Entry, MetricsEntry, RunEntry, StoredResult } from './entries.ts';
import type { Summary } from './folds/summary.ts';
import type { RunRow, Running } from './folds/runs.ts';
import type { Verdict } from './journal/folding.ts';
import type { Cursor } from './journal/reading.ts';
import type { Leases } from './leases.ts';
import type { StorePruning } from './pruning.ts';

/** Immutable bytes by their content. Where they lie is the store's own business. */
export type ArtifactStore = {
  /** Moves a file or folder into the store and answers its reference. Safe against kill at any moment; same bytes twice is one artifact. */
  put(
    path: string,
    about: Pick<ArtifactRef, 'format' | 'rows' | 'restores' | 'deliver' | 'from'>,
  ): Promise<ArtifactRef>;
  /** A path on this machine with an artifact's bytes (for a tree: its manifest), for some minutes. Read-only for the caller. */
  materialize(ref: Pick<ArtifactRef, 'sha256'>): Promise<string>;
  /** The same for paths that stay until they are released. */
  hold(): Pick<ArtifactStore, 'materialize'> & { release(): Promise<void> };
  /** Copies an artifact (file or tree) to `target`; reflink where the filesystem can, never a hard link. */
  copyTo(ref: ArtifactRef, target: string): Promise<void>;
  /** True if the bytes are there and, with `deep`, hash to their name. */
  verify(ref: ArtifactRef, options?: { deep?: boolean }): Promise<boolean>;
};

/** What happened, appended by many; the first of a kind wins. */
export type RunJournal = {
  /**
   * Appends entries, in order, and tells what became of each. A fact that won is counted by its exporter, or by the
   * adopter if it has none. With `sync` they are on disk when it answers.
   */
  append(
    entries: readonly (RunEntry | MetricsEntry)[],
    options?: { readonly sync?: boolean },
  ): Promise<readonly Verdict[]>;
  /** The record of a run that was started with this store. */
  run(runId: string): Promise<RunRecord | undefined>;
  /** Runs that `where` accepts, newest first. */
  runs(options?: {
    readonly limit?: number;
    readonly where?: (row: RunRow) => boolean;
  }): Promise<readonly RunRecord[]>;
  /** What happened since `cursor`, in its order; all of it without one, or where that is too long ago. */
  changes(cursor?: Cursor): Promise<JournalChanges>;
  /** The exporter that counts for processes without one; undefined while there is none. */
  adopter(): Promise<string | undefined>;
};

export type JournalChanges = { readonly cursor: Cursor } & (
  | { readonly all: Summary }
  | {
      /** What won. */
      readonly more: readonly Entry[];
      /** Steps that are executed now, of each run with an entry among them. */
      readonly running: Running;
    }
);

export type ResultJournal = {
  /** The result of a fingerprint whose artifacts are all there; damaged ones count as absent and are dropped. */
  findResult(fingerprint: string): Promise<StoredResult | undefined>;
  /** The same for many in one go: those that are there, by fingerprint. */
  findResults(fingerprints: readonly string[]): Promise<ReadonlyMap<string, StoredResult>>;
  /** What is written of a result, without a look at its artifacts; also of one that was dropped while runs went on with it. */
  noted(fingerprint: string): Promise<StoredResult | undefined>;
  /** Writes a result if none is there, and answers the one that is: a late attempt adopts the first. */
  putResult(fingerprint: string, stored: StoredResult): Promise<StoredResult>;
  /** The newest stored result of a step of this name (job, profile, step), of all its partitions or of one. */
  latestOf(
    job: string,
    profile: string,
    step: string,
    partition?: string,
  ): Promise<StoredResult | undefined>;
};

/** What one process at a time has. */
export type Turn = {
  /** Undefined: another process has it. `lost` settles once another one took it over. */
  take(): Promise<{ readonly lost: Promise<unknown>; release(): void } | undefined>;
  isTaken(): Promise<boolean>;
};

/** What steps wrote, where machines share a store that is on none of them. */
export type StepLogs = {
  /** Keeps a log as it is now, for other machines. Never throws, and keeps nobody waiting. */
  keep(runId: string, step: string, file: string): void;
  /** What was kept by other state folders of a run, by step, or item of one (`score[17]`). */
  others(runId: string, isWanted: (step: string) => boolean): Promise<ReadonlyMap<string, string>>;
};

export type Store = ArtifactStore &
  ResultJournal &
  RunJournal &
  Leases & {
    /** The machine's current boot. */
    readonly bootId: string;
    /** One process at a time removes what may go; `look`: to see what that is, beside others, changing nothing. */
    prune<T>(
      work: (pruning: StorePruning) => Promise<T>,
      options?: { readonly look?: boolean; readonly onWait?: (who: string) => void },
    ): Promise<T>;
    /** Absent: logs lie where the steps ran. */
    readonly logs?: StepLogs;
    /** Who has it counts for processes without an exporter. */
    readonly adopting: Turn;
    /** Resolves when nothing is tidied up in the background. A process may end without it. */
    settled(): Promise<void>;
    /** Gives files back. Using the store again opens them again. */
    close(): void;
  };
