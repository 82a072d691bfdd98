/** What it takes to execute one plan, and what is seen of it meanwhile. Pure types. */

import type { Plan } from '../../model/plan.ts';
import type { OutLock } from '../../delivery/folder/out-lock.ts';
import type { Hook } from '../../model/hook.ts';
import type { OrderedBy } from '../../model/standing-order.ts';
import type { RunView } from '../../model/view.ts';
import type { RunEvent } from '../../model/events.ts';

export type Execution = {
  /** Everything but the queue that only the engine decides. */
  readonly plan: Plan;
  readonly lock: OutLock | undefined;
  /** Who is told when it has ended. */
  readonly hooks: readonly Hook[];
  /** `attach`: wait for the workflow that others serve, or for its result. */
  readonly way: 'start' | 'attach';
  /** A workflow of this run may still be open: it is ended first. */
  readonly endFirst?: boolean;
  /** Who ordered it: its steps wait for workers accordingly. */
  readonly orderedBy?: OrderedBy | undefined;
};

/** What is seen of the run while it goes on. */
export type Watching = {
  /** Changes with each event. */
  readonly view: RunView;
  note(event: RunEvent): void;
};
