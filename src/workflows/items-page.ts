/** What a child workflow is given for some hundred items of a step, and what it answers. Pure types. */

import type { Ordered } from './activities.ts';
import type { RunKey } from '../model/events.ts';
import type { Given } from '../model/run-state.ts';
import type { ItemList, Collection } from '../model/step-result.ts';
import type { Plan } from '../model/plan.ts';
import type { ItemCounts } from '../model/outcome.ts';

export type ForEachInput = {
  /** The step as attempts of its items get it. */
  readonly order: Ordered;
  readonly key: RunKey;
  readonly given: Given;
  readonly list: ItemList;
  /** Of a profile: the plan that it is in, without its steps. */
  readonly plan?: Plan;
  /** Places in the list, as ranges. */
  readonly items: string;
  /** Most items at once. */
  readonly atOnce: number;
  /** One that fails keeps the others from being begun. */
  readonly stopsEarly: boolean;
  /** When the run must have ended: what is cancelled from then on was ended by its budget. */
  readonly deadlineMs?: number;
};

export type ForEachResult = {
  readonly counts: ItemCounts;
  /** Absent: it was stopped. */
  readonly collection?: Collection;
};

/** The workflow `forEach`, by its type: it is started by its name. */
export type ForEach = (input: ForEachInput) => Promise<ForEachResult>;
