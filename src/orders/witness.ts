/**
 * What this process saw of a run, held against what is to be delivered: who took the workflow's place cannot deliver
 * a part of the run, or a run that failed; who answered in the place of a step cannot have that delivered.
 */

import { wiredJson } from '../model/canonical.ts';
import { heardOf } from '../model/heard.ts';
import { nameIn } from '../model/nested.ts';
import { deliverFilesOf } from '../model/order.ts';
import { isSuccess, runStatus } from '../model/outcome.ts';

import type { HeardSteps } from '../model/heard.ts';
import type { RunEvent, RunKey } from '../model/events.ts';
import type { Outcome, Status } from '../model/outcome.ts';
import type { PlanStep } from '../model/plan.ts';
import type { DeliverInput, StepResult } from '../model/step-result.ts';

type Start = { readonly id: string; readonly generation: number };

export type Witness = {
  /** Events of a run that was ordered, in order. */
  saw(key: RunKey, events: readonly RunEvent[]): void;
  /** A step, by its name in the run, returned this here. */
  made(step: Pick<PlanStep, 'id' | 'lays'>, result: StepResult): void;
  /** False if these steps of this start did not end like this. */
  heard(run: Start & { readonly within?: string }, heard: HeardSteps): boolean;
  /** False if one of these steps, by their names in the run, did not end in this start, or ended badly. */
  endedWell(run: Start, names: readonly string[]): boolean;
  /** False if it is not the delivery of what was seen, or another one than that which was agreed to before. */
  agrees(input: DeliverInput): boolean;
};

/** A witness of the latest start of a run it is told of. */
export function makeWitness(): Witness {
  let start = '';
  let steps: number | undefined;
  let outcomes = new Map<string, string>();
  let told = new Map<string, string>();
  let statuses = new Map<string, Status>();
  /** Seals of what each step returned, with how many files of it are delivered; those of an earlier start never fit a later result. */
  const seals = new Map<string, Map<string, number>>();
  let agreed: string | undefined;
  const filesOf = ({ step, seal = '' }: Outcome): number | undefined => seals.get(step)?.get(seal);
  return {
    saw: ({ runId, generation }, events) => {
      if (start !== nameOf(runId, generation)) {
        start = nameOf(runId, generation);
        steps = undefined;
        outcomes = new Map();
        told = new Map();
        statuses = new Map();
        agreed = undefined;
      }
      for (const event of events) {
        if (event.type === 'run_started') steps = event.shape.steps.length;
        if (event.type !== 'step_ended') continue;
        const { outcome, inside } = event;
        const name = nameIn(inside?.within, outcome.step);
        if (inside === undefined) outcomes.set(name, textOf(outcome));
        told.set(name, textOf(heardOf(outcome)));
        statuses.set(name, outcome.status);
      }
    },
    made: (step, result) => {
      const known = seals.get(step.id) ?? new Map<string, number>();
      const { length } = deliverFilesOf(step, result);
      seals.set(step.id, known.set(result.seals?.result ?? '', length));
    },
    heard: ({ id, generation, within }, heard) =>
      start === nameOf(id, generation) &&
      Object.entries(heard).every(
        ([step, said]) => told.get(nameIn(within, step)) === textOf(said),
      ),
    endedWell: ({ id, generation }, names) =>
      start === nameOf(id, generation) &&
      names.every((name) => {
        const status = statuses.get(name);
        return status !== undefined && (isSuccess(status) || status === 'SKIPPED');
      }),
    agrees: (input) => {
      const { id, generation } = input.plan.run;
      const text = textOf(input);
      const status = runStatus(input.outcomes.map((outcome) => outcome.status));
      const isSeen =
        start === nameOf(id, generation) &&
        outcomes.size === steps &&
        input.outcomes.length === steps &&
        input.outcomes.every((outcome) => outcomes.get(outcome.step) === textOf(outcome)) &&
        input.outcomes.every((outcome) => hasNoResult(outcome) || filesOf(outcome) !== undefined) &&
        // Each is sealed by itself, so their number tells whether one is missing.
        new Set(input.files.map(({ path }) => path)).size === input.files.length &&
        input.files.length ===
          input.outcomes.reduce((sum, outcome) => sum + (filesOf(outcome) ?? 0), 0) &&
        input.status === status &&
        (status === 'OK' || status === 'WARN');
      if (!isSeen || (agreed !== undefined && agreed !== text)) return false;
      agreed = text;
      return true;
    },
  };
}

/** Skipped, or allowed to fail: nothing was returned that could be forged to look better. */
function hasNoResult({ status, code }: Outcome): boolean {
  return status === 'SKIPPED' || (status === 'WARN' && code !== undefined);
}

function nameOf(runId: string, generation: number): string {
  return `${generation} ${runId}`;
}

function textOf(value: unknown): string {
  return wiredJson(value);
}
