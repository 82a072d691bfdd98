/** The store as a port: artifacts by content, step results by fingerprint, claims. Imports only the model. */

import type { ArtifactRef, StepResult } from '../model/step-result.ts';
import type { Ending } from '../model/endings.ts';
import type { Outcome, RunStatus } from '../model/outcome.ts';

export type Column = { readonly name: string; readonly type: string };

/** A step result as it lies in the store, with what a later reader must know about it. */
export type StoredResult = {
  readonly result: Omit<StepResult, 'cached' | 'adopted' | 'durationMs'>;
  /** Step that made it, under whose name `latestOf` finds it; absent for what is never reused. */
  readonly step?: { readonly job: string; readonly profile: string; readonly id: string };
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

/** One countable fact, recorded once. Enough to rebuild every counter, histogram and gauge from. */
export type Claim = {
  readonly runId: string;
  readonly job: string;
  readonly profile: string;
  readonly atMs: number;
  /** Exporter of the process that counted it: whose counters go on from it. */
  readonly exporter: string;
} & (
  | { readonly type: 'outcome'; readonly outcome: Outcome }
  | {
      readonly type: 'attempt';
      readonly step: string;
      readonly kind: string;
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

/** How much of each run's sealed claims was read: bytes by run. Plain JSON. */
export type ClaimsMark = Readonly<Record<string, number>>;

export type Store = {
  /** The machine's current boot. */
  readonly bootId: string;

  /** Moves a file or folder into the store and answers its reference. Safe against kill at any moment; same bytes twice is one artifact. */
  put(
    path: string,
    about: Pick<ArtifactRef, 'format' | 'rows' | 'restores' | 'deliver' | 'from'>,
  ): Promise<ArtifactRef>;
  /** Absolute path of an artifact's bytes (for a tree: of its manifest). Read-only for the caller. */
  pathOf(ref: Pick<ArtifactRef, 'sha256'>): string;
  /** Copies an artifact (file or tree) to `target`; reflink where the filesystem can, never a hard link. */
  copyTo(ref: ArtifactRef, target: string): Promise<void>;
  /** True if the bytes are there and, with `deep`, hash to their name. */
  verify(ref: ArtifactRef, options?: { deep?: boolean }): Promise<boolean>;

  /** The result of a fingerprint whose artifacts are all there; damaged ones count as absent and are dropped. */
  findResult(fingerprint: string): Promise<StoredResult | undefined>;
  /** Writes a result if none is there, and answers the one that is: a late attempt adopts the first. */
  putResult(fingerprint: string, stored: StoredResult): Promise<StoredResult>;
  /** The newest stored result of a step of this name (job, profile, step), for `explain`. */
  latestOf(job: string, profile: string, step: string): Promise<StoredResult | undefined>;

  /** Records a fact under (run, key) if absent. True only for the one who created it. */
  claim(runId: string, key: string, claim: Claim): Promise<boolean>;
  /**
   * The claims counted on an exporter that `since` does not cover, oldest first, and the mark that covers them all.
   * Seals the runs it finds open there. No mark: some could not be sealed just now, so nothing may be built on it.
   */
  claimsOn(
    exporter: string,
    since?: ClaimsMark,
  ): Promise<{ readonly claims: readonly Claim[]; readonly mark?: ClaimsMark }>;
  /** Folds the claims of a closed run into one file. Claiming again afterwards still works. */
  sealClaims(runId: string): Promise<void>;
};
