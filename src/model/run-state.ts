/**
 * How far a run has come: plain data that survives JSON at any turn, so that a run can be gone on with elsewhere.
 * It belongs to one `drive()` at a time, which changes it in place by the transitions of `transitions.ts`.
 */

import { heardOf } from './heard.ts';

import type { HeardSteps } from './heard.ts';
import type { ItemPlace, StepResult } from './step-result.ts';
import type { Outcome, StopCause } from './outcome.ts';
import type { Plan, PlanStep } from './plan.ts';

/** How far one step has come. */
export type StepState = {
  state: 'waiting' | 'ready' | 'running' | 'pausing' | 'ended';
  /** Needs that have not ended. */
  waitsFor: number;
  /** Attempts begun, of any ending: the number of the current one. */
  tries: number;
  /** Attempts that the profile's bound counts, and those that lost their worker. */
  attempts: number;
  lost: number;
  firstStartMs?: number;
  lastStartMs?: number;
  /** Of the last attempt that ended. */
  lastDurationMs: number;
  /** While it pauses: when its next attempt is due. */
  dueMs?: number;
  outcome?: Outcome;
  result?: StepResult;
  /** Ended without a result although nothing is wrong: an allowed failure, a false `when`. */
  excused?: true;
};

export type RunState = {
  begun: boolean;
  /** In the plan's order. */
  readonly steps: StepState[];
  /** Positions of steps that are ready, in the order they became so; some may have ended since. */
  readonly queue: number[];
  running: number;
  ended: number;
  stop?: StopCause;
  /** Bytes that the words of the outcomes take together. */
  takenBytes: number;
};

/** A run that has not begun. */
export function newRunState(plan: Plan): RunState {
  return {
    begun: false,
    steps: plan.steps.map(({ needs }) => ({
      state: 'waiting',
      waitsFor: needs.length,
      tries: 0,
      attempts: 0,
      lost: 0,
      lastDurationMs: 0,
    })),
    queue: [],
    running: 0,
    ended: 0,
    takenBytes: 0,
  };
}

/** What follows from a plan alone, so that no turn looks for it again. */
export type Graph = {
  readonly plan: Plan;
  /** Positions of the steps by their ids. */
  readonly at: ReadonlyMap<string, number>;
  /** For each step the positions of those that need it. */
  readonly dependents: readonly (readonly number[])[];
};

export function graphOf(plan: Plan): Graph {
  const at = new Map(plan.steps.map((step, i) => [step.id, i]));
  const dependents: number[][] = plan.steps.map(() => []);
  plan.steps.forEach(({ needs }, i) => {
    for (const need of needs) dependents[positionOf(at, need)]?.push(i);
  });
  return { plan, at, dependents };
}

/** What an attempt is given of other steps: the results that it reads, and the outcomes that its options tell. */
export type Given = {
  readonly inputs: Readonly<Record<string, StepResult>>;
  readonly heard?: HeardSteps;
  /** The item that its profile, or one around that, is done for. */
  readonly outerItem?: ItemPlace;
  /** Of steps around its profile, where that is a step itself. */
  readonly outer?: Readonly<Record<string, StepResult>>;
  readonly limitMs?: number;
};

export function givenTo(
  { at }: Graph,
  { steps }: RunState,
  { id, reads, hears, retry, timeoutMs }: PlanStep,
): Given {
  const inputs = Object.fromEntries(
    reads.map((read) => [read, steps[positionOf(at, read)]?.result as StepResult]),
  );
  const { firstStartMs = 0, lastStartMs = 0 } = steps[positionOf(at, id)] ?? {};
  const leftMs = (retry.maxDurationMs ?? Infinity) - (lastStartMs - firstStartMs);
  return {
    inputs,
    ...(hears === undefined ? {} : { heard: heardBy({ at }, { steps }, hears) }),
    ...(leftMs < timeoutMs ? { limitMs: Math.max(1, leftMs) } : {}),
  };
}

/** How these steps ended; those that have not are left out. */
export function heardBy(
  { at }: Pick<Graph, 'at'>,
  { steps }: Pick<RunState, 'steps'>,
  ids: readonly string[],
): HeardSteps {
  return Object.fromEntries(
    ids.flatMap((id) => {
      const outcome = steps[positionOf(at, id)]?.outcome;
      return outcome === undefined ? [] : [[id, heardOf(outcome)] as const];
    }),
  );
}

function positionOf(at: ReadonlyMap<string, number>, id: string): number {
  const position = at.get(id);
  if (position === undefined) throw new Error(`the plan has no step '${id}'`);
  return position;
}
