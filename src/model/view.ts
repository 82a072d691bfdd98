/** What a person sees of a run while it goes on, folded from its events. Pure; repeated events change nothing. */

import { boundText } from './bounded-text.ts';

import type { RunEvent } from './events.ts';
import type { Outcome, RunStatus } from './outcome.ts';

/** The whole of it stands in the log: a view of hundreds of steps must fit into one answer. */
const MOST_BYTES_OF_TROUBLE = 200;

export type StepView = {
  readonly id: string;
  readonly kind: string;
  readonly state: 'waiting' | 'running' | 'retrying' | 'ended';
  readonly attempt: number;
  readonly startedAtMs?: number;
  /** What went wrong in the attempt before this one. */
  readonly trouble?: string;
  readonly outcome?: Outcome;
};

export type RunView = {
  readonly startedAtMs: number;
  readonly status: RunStatus | 'RUNNING';
  readonly endedAtMs?: number;
  readonly steps: readonly StepView[];
};

/** The view before anything has started. */
export function emptyView(startedAtMs: number): RunView {
  return { startedAtMs, status: 'RUNNING', steps: [] };
}

/** The view after one more event. */
export function foldEvent(view: RunView, event: RunEvent): RunView {
  switch (event.type) {
    case 'run_started':
      return {
        startedAtMs: event.atMs,
        status: 'RUNNING',
        steps: event.shape.steps.map(({ id, kind }) => ({
          id,
          kind,
          state: 'waiting',
          attempt: 0,
        })),
      };
    case 'step_started':
      return withStep(view, event.step, (step) => ({
        ...step,
        state: 'running',
        attempt: event.attempt,
        startedAtMs: event.atMs,
      }));
    case 'attempt_ended':
      return withStep(view, event.step, (step) =>
        event.reason === undefined
          ? step
          : {
              ...step,
              state: 'retrying',
              trouble: boundText(event.reason, MOST_BYTES_OF_TROUBLE),
            },
      );
    case 'step_ended':
      return withStep(view, event.outcome.step, (step) => ({
        ...step,
        state: 'ended',
        outcome: event.outcome,
      }));
    case 'run_ended':
      return { ...view, status: event.status, endedAtMs: event.atMs };
  }
}

function withStep(view: RunView, id: string, change: (step: StepView) => StepView): RunView {
  return {
    ...view,
    steps: view.steps.map((step) =>
      step.id === id && step.state !== 'ended' ? change(step) : step,
    ),
  };
}

/** The events that lead from one view to a later one, as far as two views can tell. */
export function eventsBetween(before: RunView | undefined, after: RunView): RunEvent[] {
  const events: RunEvent[] = [];
  const old = new Map(before?.steps.map((step) => [step.id, step]));
  for (const step of after.steps) {
    const was = old.get(step.id);
    if (step.outcome !== undefined && was?.outcome === undefined) {
      events.push({ type: 'step_ended', atMs: step.outcome.endedAtMs, outcome: step.outcome });
    } else if (step.state === 'running' && was?.attempt !== step.attempt) {
      const { id, attempt, startedAtMs = after.startedAtMs } = step;
      events.push({ type: 'step_started', atMs: startedAtMs, step: id, attempt });
    }
  }
  if (
    after.endedAtMs !== undefined &&
    before?.endedAtMs === undefined &&
    after.status !== 'RUNNING'
  ) {
    const durationMs = after.endedAtMs - after.startedAtMs;
    events.push({ type: 'run_ended', atMs: after.endedAtMs, status: after.status, durationMs });
  }
  return events;
}
