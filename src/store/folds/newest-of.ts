/** What is newest of a step, and of the runs of a job and profile. Pure types. */

import type { RunShape } from '../../model/events.ts';

/** Something, and when it was so. */
export type At<T> = T & { readonly atMs: number };

export type NewestOfStep = {
  readonly job: string;
  readonly profile: string;
  readonly step: string;
  /** The last time anything was told of it. */
  readonly seenMs: number;
  readonly completedMs?: number;
  readonly failedMs?: number;
  /** The newest attempt that was measured, however it ended. */
  readonly last?: At<{ readonly durationMs: number }>;
  /** What the newest attempt that told of rows returned or, if it counted those, rejected. */
  readonly rows?: At<{ readonly direction: 'out' | 'rejected'; readonly count: number }>;
  /** Executions that ended well, newest last. */
  readonly usual: readonly (readonly [atMs: number, durationMs: number])[];
};

export type NewestOfRuns = {
  readonly job: string;
  readonly profile: string;
  readonly seenMs: number;
  readonly startedMs?: number;
  readonly last?: { readonly endedMs: number; readonly durationMs: number };
  readonly completedMs?: number;
  readonly failedMs?: number;
  /** Steps and alert settings, as the newest run began with them. */
  readonly shape?: At<Pick<RunShape, 'steps' | 'nested' | 'expectedEveryMs'>>;
};
