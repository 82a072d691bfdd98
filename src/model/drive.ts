/**
 * Runs a plan: hears of what happens through its ports, lets the transitions decide, and begins what may begin.
 * Pure: no clock, no I/O, no Temporal; the workflow, the store's look-up and the tests supply the ports.
 *
 * 1. At most `plan.concurrency` attempts run at once, and of all pipelines of a run as many as it has places; a step
 *    waiting for its retry holds none.
 * 2. Between two turns the state is all there is to know: it can be saved then, and gone on with elsewhere.
 * 3. No promise is made but the one that is answered: in a workflow each one costs a stack.
 */

import { runStatus } from './outcome.ts';
import { givenTo, graphOf } from './run-state.ts';
import { begin, onAttempted, onDue, onStop, startNext } from './transitions.ts';

import type { Attempted } from './endings.ts';
import type { RunEvent } from './events.ts';
import type { Outcome, RunStatus, StopCause } from './outcome.ts';
import type { Places } from './places.ts';
import type { Plan, PlanStep } from './plan.ts';
import type { Given, Graph, RunState } from './run-state.ts';
import type { StepResult } from './step-result.ts';
import type { Turn } from './transitions.ts';

/** How an attempt ended, or that these ports cannot tell without executing it. */
export type Answer = Attempted | { readonly ending: 'unknown' };

export type DrivePorts = {
  /** Absent: this pipeline is alone. */
  readonly places?: Places;
  /** Unix milliseconds; asked once a turn. */
  now(): number;
  /**
   * Tries a step once, and answers once, at any time. `attempt` counts from 1 over every ending. Called again for an
   * attempt that was running when the state was saved: it is gone on with, or made again under the same number.
   */
  attempt(step: PlanStep, attempt: number, given: Given, answer: (answer: Answer) => void): void;
  /** Wakes after a pause, unless the run is stopped before. */
  pause(ms: number, wake: () => void): void;
  /** Tells the pipelines in this one why it is stopped, then cancels every running attempt and pause; attempts then end as `cancelled`. */
  abort(cause: StopCause): void;
  /** Registers the one listener for a stop from outside. */
  onStop(listener: (cause: StopCause) => void): void;
  /** Tells what happened in one turn, in order; called once a turn. */
  emit(events: readonly RunEvent[]): void;
  /** True: leave after this turn, before anything more begins; another `drive()` goes on with the state. Not asked in the first. */
  leaves?(): boolean;
};

export type Completed = {
  readonly complete: true;
  readonly status: RunStatus;
  /** One a step, in the plan's order. */
  readonly outcomes: readonly Outcome[];
  readonly results: ReadonlyMap<string, StepResult>;
};

export type Driven =
  | Completed
  /** `unknown`: an attempt could not be told. `left`: the ports asked for it. */
  | { readonly complete: false; readonly why: 'unknown' | 'left' };

/**
 * Runs every step of a plan that can run, or goes on where `state` stands, and answers when all have ended. The state
 * is changed in place, and is this drive's own until then. Never rejects.
 */
export function drive(plan: Plan, state: RunState, ports: DrivePorts): Promise<Driven> {
  const graph = graphOf(plan);
  const happened: ((turn: Turn) => void)[] = [];
  let isTurning = false;
  let left = false;
  let isFirst = true;
  let finish: (driven: Driven) => void;
  const driven = new Promise<Driven>((resolve) => (finish = resolve));

  const leave = (how: Driven): void => {
    left = true;
    finish(how);
  };

  /** One turn for each thing that happens, also for what happens while a turn is taken. */
  const happens = (change: (turn: Turn) => void): void => {
    happened.push(change);
    if (isTurning) return;
    isTurning = true;
    for (let next = happened.shift(); next !== undefined; next = happened.shift()) {
      takeTurn(next);
    }
    isTurning = false;
  };

  const takeTurn = (change: (turn: Turn) => void): void => {
    if (left) return;
    const turn: Turn = { graph, state, nowMs: ports.now(), told: [] };
    change(turn);
    // By an answer that could not be given.
    if (left) return;
    const isOver = (): boolean => state.ended === state.steps.length;
    const leaves = !isFirst && !isOver() && ports.leaves?.() === true;
    isFirst = false;
    if (!leaves) {
      for (let i = startNext(turn, take); i !== undefined; i = startNext(turn, take)) attempt(i);
    }
    if (turn.told.length > 0) ports.emit(turn.told);
    if (isOver()) leave(completed(graph, state));
    else if (leaves) leave({ complete: false, why: 'left' });
  };

  const poke = (): void => happens(() => undefined);
  const take = (): boolean => ports.places?.take(poke) ?? true;

  const attempt = (i: number): void => {
    const [step, planned] = [state.steps[i], plan.steps[i]];
    if (step === undefined || planned === undefined) return;
    const hasPlace = planned.nested === undefined;
    ports.attempt(planned, step.tries, givenTo(graph, state, planned), (answer) => {
      if (hasPlace) ports.places?.leave();
      happens((turn) => {
        if (answer.ending === 'unknown') return leave({ complete: false, why: 'unknown' });
        onAttempted(turn, i, answer);
        pause(turn, i);
      });
      // What is next here goes before what waits elsewhere.
      if (hasPlace) ports.places?.wake();
    });
  };

  const pause = ({ nowMs }: Turn, i: number): void => {
    const dueMs = state.steps[i]?.dueMs;
    if (dueMs === undefined) return;
    ports.pause(Math.max(0, dueMs - nowMs), () => happens((turn) => onDue(turn, i)));
  };

  ports.onStop((cause) =>
    happens((turn) => {
      onStop(turn, cause);
      ports.abort(cause);
    }),
  );
  happens((turn) => {
    if (!state.begun) return begin(turn);
    state.steps.forEach((step, i) => {
      if (step.state === 'running') attempt(i);
      else pause(turn, i);
    });
    if (state.stop !== undefined) ports.abort(state.stop);
  });
  return driven;
}

function completed({ plan }: Graph, { steps, stop }: RunState): Completed {
  const outcomes = steps.flatMap(({ outcome }) => outcome ?? []);
  const results = plan.steps.flatMap(({ id }, i) => {
    const result = steps[i]?.result;
    return result === undefined ? [] : [[id, result] as const];
  });
  return {
    complete: true,
    status: runStatus(
      outcomes.map(({ status }) => status),
      stop,
    ),
    outcomes,
    results: new Map(results),
  };
}
