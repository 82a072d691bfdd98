/** What the end of a run asks of its hooks, and who answers where nobody is to be told. */

import type { Plan } from '../model/plan.ts';
import type { RunSummary } from '../model/run-summary.ts';
import type { Hook } from '../model/hook.ts';

/** The end of a run, as its hooks tell it. */
export type HookedEnd = {
  readonly plan: Plan;
  readonly summary: RunSummary;
  readonly hooks: readonly Hook[];
  readonly endedAtMs: number;
  readonly elapsedMs: number;
  readonly uiUrl?: string | undefined;
};

export type ProjectHooks = {
  /** To be called before the end is recorded; what it answers, after. Answers undefined where nobody is to be told. */
  prepare(end: HookedEnd): Promise<(() => Promise<void>) | undefined>;
  /** What processes left that were killed right after a run had ended. */
  adopt(): Promise<void>;
  /** Sends what is due, for a while; where the process serves on it is sent beside. `stop` ends the wait. */
  settle(stop: AbortSignal): Promise<void>;
  /** Goes on sending what is left of earlier runs. `serving`: also of later ones, and nobody has to wait for it. */
  start(serving?: boolean): void;
  /** True where the process outlives the run. */
  isServing(): boolean;
  close(): Promise<void>;
};

export const NOBODY: ProjectHooks = Object.freeze({
  prepare: async () => undefined,
  adopt: async () => undefined,
  settle: async () => undefined,
  start: () => undefined,
  isServing: () => false,
  close: async () => undefined,
});
