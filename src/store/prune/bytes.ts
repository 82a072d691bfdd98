/** The bytes of a store as pruning sees them, wherever they lie. Types. */

import type { ArtifactRef } from '../../model/step-result.ts';
import type { StoredFile } from '../pruning.ts';

/** A file that is there now. `identity` tells it apart from every other that ever has its name. */
export type ListedFile = { readonly bytes: number; readonly identity: string };

export type Bytes = {
  /** The files an artifact consists of: one, or those of a folder and its manifest, as far as that can be read. */
  filesOf(ref: ArtifactRef): Promise<readonly StoredFile[]>;
  /** The text of a small file; empty where it is gone. */
  textOf(ref: Pick<ArtifactRef, 'sha256'>): Promise<string>;
  /** Every file there is, by name. */
  list(): Promise<ReadonlyMap<string, ListedFile>>;
  /** Removes a file if it is still this very one. True if it did. */
  remove(name: string, identity: string): Promise<boolean>;
  /** Finishes what a removal that was cut off had begun, and forgets what was noted of results that are not there. */
  tidy(about: {
    readonly isNamed: (name: string) => boolean;
    readonly isFound: (fingerprint: string) => boolean;
  }): Promise<void>;
  journalBytes(): Promise<number>;
};

/**
 * Files that nothing named at some time, with what went on then and may have used them: they go once all of that has
 * ended, if they are still the same, and still nothing names them.
 */
export type Batch = {
  readonly waitsFor: readonly string[];
  readonly files: readonly (readonly [name: string, identity: string])[];
  /** Results that nobody could find any more by then, by `dropKey`. */
  readonly dropped: readonly string[];
};

/** Where batches are written down from one prune to the next. */
export type Batches = {
  read(): Promise<readonly Batch[]>;
  write(batches: readonly Batch[]): Promise<void>;
};
