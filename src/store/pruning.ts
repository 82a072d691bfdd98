/** What a store offers to who decides what may go. It removes nothing that is still named by what it keeps. Types. */

import type { RunRecord } from '../model/run-record.ts';

/** A run on record. */
export type SurveyedRun = {
  readonly record: RunRecord;
  /** Fingerprints of its steps' results; absent in a record of an earlier version. */
  readonly uses?: readonly string[];
  /** When it was last heard of while it was open, Unix milliseconds; absent in a record of an earlier version. */
  readonly heardMs?: number;
};

/** Bytes in the store, by their name there. */
export type StoredFile = { readonly name: string; readonly bytes: number };

export type SurveyedResult = {
  readonly fingerprint: string;
  /** The append that wrote it. */
  readonly by: string;
  /** Run that made it. */
  readonly runId: string;
  readonly writtenAtMs: number;
  /** Everything that its artifacts consist of. */
  readonly files: readonly StoredFile[];
  /** It is that of one item of a step. */
  readonly isItem?: true;
  /** Fingerprints of the items that it was put together of. */
  readonly parts?: readonly string[];
};

export type Survey = {
  readonly runs: readonly SurveyedRun[];
  /** Runs that are recorded elsewhere, of which steps were executed here; those that ended are left out. */
  readonly heard: readonly { readonly runId: string; readonly heardMs: number }[];
  /** Runs that were taken off the record, whose folders may still be there. */
  readonly gone: readonly { readonly runId: string; readonly stateDir?: string }[];
  readonly results: readonly SurveyedResult[];
  /** The newest result of each step, by fingerprint. */
  readonly latest: ReadonlySet<string>;
  readonly bytes: { readonly artifacts: number; readonly journal: number };
};

/** Names what goes on now, each start of a run by another name: what is no longer named stays until all of it has ended. */
export type GoingOn = (seen: Pick<Survey, 'runs' | 'heard'>) => Promise<readonly string[]>;

export type SweepOptions = {
  readonly goingOn: GoingOn;
  /** Results to be taken for dropped: what would be removed, without removing it. */
  readonly pretend?: ReadonlySet<string>;
  /** Whether the folder of a run that was taken off the record is gone, so that it needs no name any more. */
  readonly isForgotten?: (run: Survey['gone'][number]) => boolean;
  /** Unix milliseconds. */
  readonly now?: number;
};

export type Swept = {
  readonly removed: { readonly files: number; readonly bytes: number };
  /** Named by nothing, but runs that go on may use it. */
  readonly waiting: { readonly files: number; readonly bytes: number };
  readonly journal: { readonly before: number; readonly after: number };
};

/** Each step stands by itself: whatever is killed in between, the next time goes on. */
export type StorePruning = {
  survey(): Promise<Survey>;
  /** Takes closed runs off the record; answers those that were still as surveyed. `silent`: nobody is left who could speak of it. */
  forgetRuns(
    runs: readonly { readonly record: RunRecord; readonly silent: boolean }[],
  ): Promise<ReadonlySet<string>>;
  /** From then on nobody finds these results. Answers how many were still as surveyed. */
  dropResults(results: readonly Pick<SurveyedResult, 'fingerprint' | 'by'>[]): Promise<number>;
  /** Makes dropped results findable again whose bytes are still there. */
  restoreResults(fingerprints: readonly string[]): Promise<number>;
  /** Removes bytes that nothing names, and rewrites the journal without what is over. */
  sweep(options: SweepOptions): Promise<Swept>;
};
