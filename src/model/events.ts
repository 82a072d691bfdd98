/** What the workflow tells the outside through its sink, in order. Pure types. */

import type { Ending } from './endings.ts';
import type { ItemCounts, Outcome, RunStatus, Status } from './outcome.ts';

/** A profile's own alert settings and steps, for seeding instruments before the first step. */
export type RunShape = {
  readonly job: string;
  readonly profile: string;
  readonly expectedEveryMs?: number;
  readonly steps: readonly {
    readonly id: string;
    readonly kind: string;
    readonly core: boolean;
    readonly p95Ms?: number;
    /** Absent: it has none of its own. */
    readonly timeoutMs?: number;
    /** It is done for each of its items. */
    readonly items?: true;
  }[];
  /** The profiles that are steps in it, each once. */
  readonly nested?: readonly Pick<RunShape, 'profile' | 'steps'>[];
};

export type RunKey = {
  readonly runId: string;
  readonly generation: number;
  readonly job: string;
  readonly profile: string;
  /** A run of some steps alone: recorded, and counted nowhere. */
  readonly aside?: true;
  /** Authenticates the other fields. */
  readonly tag?: string;
};

/** Where a step is that belongs to a profile that is a step itself: the name of that one in the run, and the profile. */
export type Inside = { readonly within: string; readonly profile: string };

/** Delivered at least once, in order, by whichever worker runs the workflow task. `inside` is absent for the run's own steps. */
export type RunEvent =
  | { readonly type: 'run_started'; readonly atMs: number; readonly shape: RunShape }
  | {
      readonly type: 'step_started';
      readonly inside?: Inside;
      readonly atMs: number;
      readonly step: string;
      readonly attempt: number;
      /** No worker executes it, so none will write down that it began: it is a profile. */
      readonly isProfile?: true;
    }
  /** It stands in line for a limit (`for`), or has stood and goes on. Told by the worker, where that is in the same process. */
  | {
      readonly type: 'step_waiting';
      readonly inside?: Inside;
      readonly atMs: number;
      readonly step: string;
      readonly for?: string;
    }
  | {
      readonly type: 'attempt_ended';
      readonly inside?: Inside;
      readonly atMs: number;
      readonly step: string;
      /** Of this item of the step. */
      readonly item?: number;
      readonly attempt: number;
      readonly result: Ending;
      /** What no worker measured, because it is a profile; absent, too, where nothing in it was executed. */
      readonly measured?: { readonly durationMs: number; readonly rowsOut?: number };
      /** What went wrong, for the live display; absent when it went well. */
      readonly reason?: string;
      /** Milliseconds until the next try; absent when there is none. */
      readonly retryInMs?: number;
    }
  /** How many items a step has, and how those ended that this run had finished before. */
  | {
      readonly type: 'items_found';
      readonly inside?: Inside;
      readonly atMs: number;
      readonly step: string;
      readonly total: number;
      readonly counts: ItemCounts;
    }
  | {
      readonly type: 'item_ended';
      readonly inside?: Inside;
      readonly atMs: number;
      readonly step: string;
      readonly item: number;
      readonly status: Status;
    }
  /** Some items of a step have ended, where they are not told one by one. */
  | {
      readonly type: 'items_ended';
      readonly inside?: Inside;
      readonly atMs: number;
      readonly step: string;
      readonly counts: ItemCounts;
    }
  | {
      readonly type: 'step_ended';
      readonly inside?: Inside;
      readonly atMs: number;
      readonly outcome: Outcome;
    }
  | {
      readonly type: 'run_ended';
      readonly atMs: number;
      readonly status: RunStatus;
      readonly durationMs: number;
    };

/** The sink interface the workflow proxies. What happens in one turn of the scheduler is told in one call, in order. */
export type EventSinks = {
  readonly events: { emit(key: RunKey, events: readonly RunEvent[]): void };
  /** For the attempts in the same process: their run is being stopped, or what is within a step that is a profile. */
  readonly attempts: { stop(key: RunKey, within?: string): void };
};
