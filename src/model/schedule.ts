/** When a job is made by itself, and what of it: its schedule, resolved. Plain JSON. Pure. */

/** What happens when a run is due while the earlier one still goes on. */
export const OVERLAPS = ['skip', 'buffer_one', 'buffer_all', 'allow', 'cancel_other'] as const;
export type Overlap = (typeof OVERLAPS)[number];

/** Words for partitions, of the time a run was due. */
export const MAKE_WORDS = ['latest', 'previous', 'missing', 'all'] as const;

export type Schedule = {
  /** Cron lines in Temporal's form; absent: `everyMs` says when. */
  readonly cron?: readonly string[];
  /** Whole seconds. Counted from 1970-01-01 in UTC. */
  readonly everyMs?: number;
  /** Whose clock the cron lines are read by. */
  readonly timezone: string;
  readonly overlap: Overlap;
  /** A run that could not start when it was due is made up for no longer than this. */
  readonly catchUpMs: number;
  /** Each run starts up to so much later, by chance. */
  readonly jitterMs?: number;
  readonly pauseOnFailure: boolean;
  /** Ids and words of partitions; absent: the job is not cut. */
  readonly make?: readonly string[];
  /** Absent: the one the job names. */
  readonly profile?: string;
  /** As the job file writes it, relative to that file; absent: the project's own place for the job. */
  readonly out?: string;
};

/** What holds where a schedule does not say. */
export const SCHEDULE_DEFAULTS = Object.freeze({
  overlap: 'skip' satisfies Overlap,
  catch_up: '1d',
  pause_on_failure: false,
});

/** Temporal's own bounds. */
export const LEAST_EVERY_MS = 1_000;
export const LEAST_CATCH_UP_MS = 10_000;
