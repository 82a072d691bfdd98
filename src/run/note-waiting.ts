/** Tells, and writes down for others, that an attempt stands in line for a limit, and that it does no more. */

import type { StepEnvironment } from '../activities/run-step.ts';
import type { RunEvent, RunKey } from '../model/events.ts';
import type { RunJournal } from '../store/store.ts';

/** What a step's environment is given. Never throws. */
export function noteWaiting(
  store: Pick<RunJournal, 'append'>,
  onEvent: ((key: RunKey, event: RunEvent) => void) | undefined,
): NonNullable<StepEnvironment['onWaiting']> {
  return ({ run, step, item, attempt }, limit) => {
    const { id: runId, generation, job, profile, aside } = run;
    const atMs = Date.now();
    const about = { runId, generation, job, profile, ...(aside === undefined ? {} : { aside }) };
    const how = limit === undefined ? ({ began: true } as const) : { waits: limit };
    const which = item === undefined ? {} : { item: item.index };
    const entry = {
      ...about,
      atMs,
      type: 'step',
      step: step.id,
      attempt,
      ...which,
      ...how,
    } as const;
    void store.append([entry]).catch(() => undefined);
    // One item of many says nothing of the step.
    if (item !== undefined) return;
    const what = limit === undefined ? {} : { for: limit };
    onEvent?.(about, { type: 'step_waiting', atMs, step: step.id, ...what });
  };
}
