/** Tells, and writes down for others, that an attempt stands in line for a limit, and that it does no more. */

import { insideOf } from '../../model/nested.ts';

import type { StepEnvironment } from '../../activities/run-step.ts';
import type { RunEvent, RunKey } from '../../model/events.ts';
import type { RunJournal } from '../../store/store.ts';

/** What a step's environment is given. Never throws. */
export function noteWaiting(
  store: Pick<RunJournal, 'append'>,
  onEvent: ((key: RunKey, event: RunEvent) => void) | undefined,
): NonNullable<StepEnvironment['onWaiting']> {
  return ({ run, step, item, attempt }, limit) => {
    const { id: runId, generation, job, profile, aside, within } = run;
    const atMs = Date.now();
    const about = { runId, generation, job, profile, ...(aside === undefined ? {} : { aside }) };
    const place = within === undefined ? {} : { within };
    const how = limit === undefined ? ({ began: true } as const) : { waits: limit };
    const which = item === undefined ? {} : { item: item.index };
    const entry = {
      ...about,
      ...place,
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
    const told = { type: 'step_waiting', atMs, step: step.id, ...what } as const;
    for (const event of insideOf({ profile, run }, [told])) onEvent?.(about, event);
  };
}
