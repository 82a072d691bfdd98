/** A step that is a profile, in the workflow of its run: `driveNested()` with the ports of Temporal. */

import { CancellationScope, proxyActivities } from '@temporalio/workflow';

import { driveNested } from '../model/drive-nested.ts';
import { failed } from '../model/endings.ts';
import { nameIn, planName } from '../model/nested.ts';
import { failureBehind } from './activities.ts';

import type { Answer } from '../model/drive.ts';
import type { Attempted } from '../model/endings.ts';
import type { StopCause } from '../model/outcome.ts';
import type { NestedProfile, Plan, PlanStep } from '../model/plan.ts';
import type { Given } from '../model/run-state.ts';
import type { GiveInput, StepResult } from '../model/step-result.ts';
import type { Surroundings } from './surroundings.ts';

type GiveActivities = { give(input: GiveInput): Promise<StepResult> };

const GIVE_LIMIT_MS = 60_000;

/** Runs the steps of the profile, and answers once. Its steps have a scope of their own: its time limit ends no others. */
export function attemptNested(
  plan: Plan,
  step: PlanStep & { readonly nested: NestedProfile },
  given: Given,
  around: Surroundings,
  answer: (attempted: Attempted) => void,
): void {
  const scope = new CancellationScope();
  const own: Surroundings = { ...around, onStop: new Set() };
  let listening: ((cause: StopCause) => void) | undefined;
  const run = (told: (answer: Answer) => void): void =>
    driveNested(
      plan,
      step,
      given,
      {
        ...(around.places === undefined ? {} : { places: around.places }),
        now: () => Date.now(),
        emit: (events) => around.emit(events),
        pause: (ms, wake) => around.pause(ms, wake),
        onStop: (listener) => {
          listening = listener;
          around.onStop.add(listener);
        },
        abort: (cause) => {
          for (const each of [...own.onStop]) each(cause);
          scope.cancel();
          around.stopWithin(nameIn(plan.run.within, step.id));
        },
        attempt: (...about) => own.attempt(own, ...about),
        give: (input, tell) => giveBack(plan, step, input, tell),
      },
      told,
    );
  // What follows from the answer begins outside of the scope.
  void scope
    .run(() => new Promise<Answer>(run))
    .then((told) => {
      if (listening !== undefined) around.onStop.delete(listening);
      if (step.limitIsDefault !== true) scope.cancel();
      if (told.ending === 'unknown') throw new Error('unreachable: a workflow tells every attempt');
      answer(told);
    });
}

function giveBack(
  plan: Plan,
  { id }: PlanStep,
  input: GiveInput,
  answer: (attempted: Attempted) => void,
): void {
  const name = nameIn(plan.run.within, id);
  const { give } = proxyActivities<GiveActivities>({
    activityId: name,
    summary: name,
    startToCloseTimeout: GIVE_LIMIT_MS,
    retry: { maximumAttempts: 10 },
  });
  const tag = plan.run.tags?.gives?.[planName(name)];
  void give({ ...input, ...(tag === undefined ? {} : { tag }) }).then(
    (result) => answer({ ending: 'ok', result }),
    (error: unknown) => answer(failed(failureBehind(error, GIVE_LIMIT_MS))),
  );
}
