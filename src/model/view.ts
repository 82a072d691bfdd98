/** What a person sees of a run while it goes on, folded from its events. Pure; repeated events change nothing. */

import { boundText } from './bounded-text.ts';
import { addCounts } from './items.ts';

import type { RunEvent } from './events.ts';
import type { ItemCounts } from './items.ts';
import type { Outcome, RunStatus } from './outcome.ts';

/** The whole of it stands in the log: a view of hundreds of steps must fit into one answer. */
const MOST_BYTES_OF_TROUBLE = 200;

export type StepView = {
  readonly id: string;
  readonly kind: string;
  readonly state: 'waiting' | 'running' | 'retrying' | 'ended';
  readonly attempt: number;
  readonly startedAtMs?: number;
  /** The shared limit that it stands in line for. */
  readonly waitsFor?: string;
  /** What went wrong in the attempt before this one. */
  readonly trouble?: string;
  readonly outcome?: Outcome;
  /** Of a step with items: how many there are, and how those ended that have. */
  readonly items?: { readonly total: number; readonly counts: ItemCounts };
};

export type RunView = {
  readonly startedAtMs: number;
  readonly status: RunStatus | 'RUNNING';
  readonly endedAtMs?: number;
  readonly steps: readonly StepView[];
};

/** A view that grows with the run: plain data that changes with each event, for one owner. */
export type GrowingView = {
  /** As it is now; the same object is changed by the next event. */
  readonly view: RunView;
  fold(event: RunEvent): void;
};

/** The view before anything has started. An event costs the same whatever the number of steps. */
export function growView(startedAtMs: number): GrowingView {
  const steps: StepView[] = [];
  const at = new Map<string, number>();
  const view: { -readonly [K in keyof RunView]: RunView[K] } = {
    startedAtMs,
    status: 'RUNNING',
    steps,
  };
  const change = (id: string, changed: Partial<StepView>): void => {
    const i = at.get(id) ?? -1;
    const step = steps[i];
    if (step !== undefined && step.state !== 'ended') steps[i] = { ...step, ...changed };
  };
  const wait = (id: string, waitsFor: string | undefined): void => {
    const i = at.get(id) ?? -1;
    const step = steps[i];
    if (step === undefined) return;
    const { waitsFor: _, ...rest } = step;
    steps[i] = { ...rest, ...(waitsFor === undefined ? {} : { waitsFor }) };
  };
  const addItems = (id: string, counts: ItemCounts): void => {
    const { items } = steps[at.get(id) ?? -1] ?? {};
    if (items === undefined) return;
    change(id, { items: { ...items, counts: addCounts(items.counts, counts) } });
  };
  const fold = (event: RunEvent): void => {
    switch (event.type) {
      case 'run_started':
        view.startedAtMs = event.atMs;
        view.status = 'RUNNING';
        delete view.endedAtMs;
        steps.length = 0;
        at.clear();
        for (const { id, kind } of event.shape.steps) {
          at.set(id, steps.length);
          steps.push({ id, kind, state: 'waiting', attempt: 0 });
        }
        return;
      case 'step_started':
        return change(event.step, {
          state: 'running',
          attempt: event.attempt,
          startedAtMs: event.atMs,
        });
      case 'step_waiting':
        return wait(event.step, event.for);
      case 'items_found':
        return change(event.step, { items: { total: event.total, counts: event.counts } });
      case 'item_ended':
        return addItems(event.step, { [event.status]: 1 });
      case 'items_ended':
        return addItems(event.step, event.counts);
      case 'attempt_ended':
        // One of many says nothing of the step.
        if (event.item !== undefined) return;
        wait(event.step, undefined);
        if (event.reason === undefined) return;
        return change(event.step, {
          state: 'retrying',
          trouble: boundText(event.reason, MOST_BYTES_OF_TROUBLE),
        });
      case 'step_ended':
        return change(event.outcome.step, { state: 'ended', outcome: event.outcome });
      case 'run_ended':
        view.status = event.status;
        view.endedAtMs = event.atMs;
    }
  };
  return { view, fold };
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
