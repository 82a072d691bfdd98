/**
 * What a store offers to processes that share something: leases by name. Who holds one renews it while it lives; a dead
 * holder's is free at once where that can be seen, else when it has run out.
 */

/** A lease that this process holds. */
export type StoreLease = {
  /** Settles when it is noticed that somebody else has taken it over; never, if that does not happen. */
  readonly lost: Promise<unknown>;
  /** Gives it back. Never rejects. */
  release(): Promise<void>;
};

/** A part of the store's port. Names are a few words joined by `/`: small letters, digits, `_` and `-`. */
export type Leases = {
  /** Milliseconds between two looks of somebody who waits: what a look costs decides it. */
  readonly lookEveryMs: number;
  /** Takes it; undefined: somebody holds it. */
  takeLease(name: string): Promise<StoreLease | undefined>;
  /** Those right below a folder that somebody holds now, by their last words, sorted. */
  heldLeases(folder: string): Promise<readonly string[]>;
  /** Folders right below one in which leases are, or were lately; sorted. */
  leaseFolders(folder: string): Promise<readonly string[]>;
};
