/** What a person sees of a run while it goes on, folded from its events. Pure; repeated events change nothing. */

import { boundText } from './bounded-text.ts';
import { addCounts } from './items.ts';
import { nameIn } from './nested.ts';

import type { Inside, RunEvent } from './events.ts';
import type { ItemCounts, Outcome, RunStatus } from './outcome.ts';

/** The whole of it stands in the log: a view of hundreds of steps must fit into one answer. */
const MOST_BYTES_OF_TROUBLE = 200;

export type StepView = {
  readonly id: string;
  readonly kind: string;
  readonly state: 'waiting' | 'running' | 'retrying' | 'ended';
  readonly attempt: number;
  readonly startedAtMs?: number;
  /** The shared limit that it stands in line for. */
  readonly waitsFor?: string | undefined;
  /** What went wrong in the attempt before this one. */
  readonly trouble?: string;
  readonly outcome?: Outcome;
  /** Of a profile that is a step: those of its own steps that have begun or ended. */
  readonly steps?: readonly StepView[];
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
  const change = (id: string, changed: Partial<StepView>, inside?: Inside): void => {
    const [top, ...within] = nameIn(inside?.within, id).split('/');
    const i = at.get(top ?? id) ?? -1;
    const step = steps[i];
    if (step === undefined || step.state === 'ended') return;
    steps[i] = within.length === 0 ? { ...step, ...changed } : changedWithin(step, within, changed);
  };
  const wait = (id: string, waitsFor: string | undefined, inside?: Inside): void =>
    change(id, { waitsFor }, inside);
  const addItems = (id: string, counts: ItemCounts, inside?: Inside): void => {
    const [top, ...within] = nameIn(inside?.within, id).split('/');
    const found = within.reduce<StepView | undefined>(
      (step, each) => step?.steps?.find((inner) => inner.id === each),
      steps[at.get(top ?? id) ?? -1],
    );
    if (found?.items === undefined) return;
    const { items } = found;
    change(id, { items: { ...items, counts: addCounts(items.counts, counts) } }, inside);
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
        return change(
          event.step,
          { state: 'running', attempt: event.attempt, startedAtMs: event.atMs },
          event.inside,
        );
      case 'step_waiting':
        return wait(event.step, event.for, event.inside);
      case 'items_found':
        return change(
          event.step,
          { items: { total: event.total, counts: event.counts } },
          event.inside,
        );
      case 'item_ended':
        return addItems(event.step, { [event.status]: 1 }, event.inside);
      case 'items_ended':
        return addItems(event.step, event.counts, event.inside);
      case 'attempt_ended':
        // One of many says nothing of the step.
        if (event.item !== undefined) return;
        wait(event.step, undefined, event.inside);
        if (event.reason === undefined) return;
        return change(
          event.step,
          { state: 'retrying', trouble: boundText(event.reason, MOST_BYTES_OF_TROUBLE) },
          event.inside,
        );
      case 'step_ended':
        return change(event.outcome.step, { state: 'ended', outcome: event.outcome }, event.inside);
      case 'run_ended':
        view.status = event.status;
        view.endedAtMs = event.atMs;
    }
  };
  return { view, fold };
}

/** A step with a change in one that is within it; steps of a profile appear as they begin. */
function changedWithin(
  step: StepView,
  [id = '', ...within]: readonly string[],
  changed: Partial<StepView>,
): StepView {
  const steps = [...(step.steps ?? [])];
  const found = steps.findIndex((each) => each.id === id);
  const at = found < 0 ? steps.length : found;
  const kind = changed.outcome?.kind ?? '';
  const inner: StepView = steps[at] ?? { id, kind, state: 'waiting', attempt: 0 };
  if (inner.state === 'ended') return step;
  steps[at] =
    within.length === 0 ? { ...inner, ...changed } : changedWithin(inner, within, changed);
  return { ...step, steps };
}

/** The events that lead from one view to a later one, as far as two views can tell. */
export function eventsBetween(before: RunView | undefined, after: RunView): RunEvent[] {
  const events: RunEvent[] = [...stepsBetween(before?.steps, after.steps, after.startedAtMs)];
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

/** What happened to steps, and before it what happened to those within them. */
function stepsBetween(
  before: readonly StepView[] | undefined,
  after: readonly StepView[],
  beganMs: number,
  within?: string,
): readonly RunEvent[] {
  const events: RunEvent[] = [];
  // Only the names are known here: which profile it is matters to nobody who looks at a view.
  const inside = within === undefined ? {} : { inside: { within, profile: '' } };
  const old = new Map(before?.map((step) => [step.id, step]));
  for (const step of after) {
    const was = old.get(step.id);
    const inner = step.steps ?? [];
    events.push(...stepsBetween(was?.steps, inner, beganMs, nameIn(within, step.id)));
    if (step.outcome !== undefined && was?.outcome === undefined) {
      const { outcome } = step;
      events.push({ type: 'step_ended', ...inside, atMs: outcome.endedAtMs, outcome });
    } else if (step.state === 'running' && was?.attempt !== step.attempt) {
      const { id, attempt, startedAtMs = beganMs } = step;
      events.push({ type: 'step_started', ...inside, atMs: startedAtMs, step: id, attempt });
    }
  }
  return events;
}
