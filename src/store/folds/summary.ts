/** What the entries of a store's journal add up to. Pure type. */

import type { RunRow, Running } from './runs.ts';
import type { Sums } from './sums.ts';
import type { Newest } from './newest.ts';

export type Summary = {
  /** Absent in what an earlier version wrote. */
  readonly form: 2;
  readonly runs: readonly RunRow[];
  readonly running: Running;
  /** By exporter. */
  readonly sums: Readonly<Record<string, Sums>>;
  readonly newest: Newest;
  /** Runs that were taken off the record here, and may be in the older part. */
  readonly gone?: readonly string[];
};
