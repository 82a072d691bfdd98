/**
 * What the entries of one run add up to: its record, and what of it was counted. Pure.
 *
 * 1. An entry of a lower generation than one before it is void: its writer was overtaken.
 * 2. A fact is counted once: an attempt by its number, a success of a step and of the run once for all
 *    generations, since a later start keeps it, a failure once a generation.
 * 3. Behind the end of a generation nothing of it counts.
 * 4. The record follows the newest generation, whether a fact is counted or not.
 * 5. Of a run that was forgotten nothing counts any more, whoever still speaks of it.
 */

import { itemName } from '../../model/items.ts';
import { nameIn } from '../../model/nested.ts';
import { isSuccess } from '../../model/outcome.ts';
import { withNumber } from '../../model/ranges.ts';
import { stepRecordOf } from '../../model/run-record.ts';

import type { Outcome, RunStatus, Status } from '../../model/outcome.ts';
import type { Ranges } from '../../model/ranges.ts';
import type { RunRecord, StepRecord } from '../../model/run-record.ts';
import type { RunEntry } from '../entries.ts';
import type { Verdict } from '../journal/folding.ts';

type StepEntry = Extract<RunEntry, { type: 'step' }>;

/** An attempt that has begun. */
export type Began = {
  readonly job: string;
  readonly profile: string;
  readonly beganMs: number;
  /** Its id, where that is not its name in the run. */
  readonly step?: string;
};

export type RunState = {
  generation: number;
  /** The generation has ended. */
  ended: boolean;
  /** That the run ended well was counted. */
  done: boolean;
  /** Absent until a start is among the entries, such as in the store of a worker elsewhere. */
  record?: RunRecord;
  /** Steps whose success was counted. */
  successes: Record<string, true>;
  /** The generation in which a failure of a step was last counted. */
  failures: Record<string, number>;
  /** Items that were counted: once for all generations if they ended well, else once in a generation. Absent: none. */
  items?: Record<string, CountedItems>;
  /** Attempts of this generation that were counted: `step number`. */
  attempts: Record<string, true>;
  /** Steps that are executed, as far as is known, by their names in the run. Absent: none. */
  running?: Record<string, Began>;
  /** Fingerprint of the newest result of each step that ended well; absent in what an earlier version folded. */
  uses?: Record<string, string>;
  /** Time of the newest entry, Unix milliseconds; absent once the record is closed, and in what an earlier version folded. */
  heardMs?: number;
  /** It was taken off the record. */
  gone?: Gone;
};

export type CountedItems = {
  readonly successes: Ranges;
  /** Of the generation in which one was last counted. */
  readonly failures: { readonly generation: number; readonly items: Ranges };
};

export type Gone = {
  readonly atMs: number;
  /** Nobody is left who could still speak of it. */
  readonly silent: boolean;
  /** State folder, where that is not the one the store lies in. */
  readonly stateDir?: string;
};

const WON: Verdict = Object.freeze({ won: true });
const LOST: Verdict = Object.freeze({ won: false });
const FENCED: Verdict = Object.freeze({ won: false, fenced: true });

/** Folds an entry in. `state` is changed; the record in it is replaced, never changed. */
export function foldRun(
  before: RunState | undefined,
  entry: RunEntry,
): { readonly state: RunState; readonly verdict: Verdict } {
  const state = before ?? newState();
  return { state, verdict: apply(state, entry) };
}

function newState(): RunState {
  return {
    generation: 0,
    ended: false,
    done: false,
    successes: {},
    failures: {},
    attempts: {},
  };
}

function apply(state: RunState, entry: RunEntry): Verdict {
  if (state.gone !== undefined) return FENCED;
  if (entry.type === 'prune') return forget(state, entry);
  if (state.record?.state !== 'closed') state.heardMs = Math.max(state.heardMs ?? 0, entry.atMs);
  if (entry.generation < state.generation) return FENCED;
  if (entry.generation > state.generation) {
    state.generation = entry.generation;
    state.ended = false;
    state.attempts = {};
    delete state.running;
  }
  switch (entry.type) {
    case 'start':
      return start(state, entry.record);
    case 'note':
      change(state, entry.patch);
      return WON;
    case 'step':
      if (state.ended) return LOST;
      if (entry.began === true && entry.aside !== true) {
        const { job, profile, step, within, atMs: beganMs } = entry;
        const about = { job, profile, beganMs, ...(within === undefined ? {} : { step }) };
        (state.running ??= {})[nameOf(entry)] = about;
      }
      if (entry.waits !== undefined) stopped(state, nameOf(entry));
      // Attempts of its items are not those of the step.
      if (entry.item !== undefined) return WON;
      changeStep(state, nameOf(entry), (step) => runningNow(step, entry));
      return WON;
    case 'items': {
      const { step, total, counts } = entry;
      if (state.ended) return LOST;
      changeStep(state, step, (of) => ({ ...of, status: 'RUNNING', items: { total, counts } }));
      return WON;
    }
    case 'shape':
      return WON;
    case 'attempt':
      stopped(state, nameOf(entry));
      return once(state.ended, state.attempts, `${nameOf(entry)} ${entry.attempt}`);
    case 'item':
      return countItem(state, entry);
    case 'outcome':
      return countOutcome(state, nameIn(entry.within, entry.outcome.step), entry.outcome);
    case 'run':
      return countEnd(state, entry.status);
    case 'closed':
      return close(state, entry);
  }
}

/** What keeps late words from counting stays, and nothing else. */
function forget(state: RunState, entry: Extract<RunEntry, { type: 'prune' }>): Verdict {
  if (state.record?.state !== 'closed' || entry.generation !== state.generation) return LOST;
  const { state_dir: stateDir } = state.record;
  const { atMs, silent } = entry;
  state.gone = { atMs, silent, ...(stateDir === undefined ? {} : { stateDir }) };
  state.ended = true;
  state.successes = {};
  state.failures = {};
  state.attempts = {};
  delete state.items;
  delete state.record;
  delete state.uses;
  delete state.running;
  delete state.heardMs;
  return WON;
}

/** Of two that go on with one run at once, the first has it. */
function start(state: RunState, record: RunRecord): Verdict {
  if ((state.record?.generation ?? 0) >= state.generation) return LOST;
  state.record = { ...record, generation: state.generation };
  // One that an earlier version recorded comes as it was.
  if (record.state === 'closed') endGeneration(state, record.status);
  return WON;
}

function countOutcome(state: RunState, name: string, outcome: Outcome): Verdict {
  if (state.ended) return LOST;
  const { status } = outcome;
  stopped(state, name);
  changeStep(state, name, () => stepRecordOf(outcome));
  noteUse(state, name, outcome);
  if (isSuccess(status)) return once(false, state.successes, name);
  if ((state.failures[name] ?? 0) >= state.generation) return LOST;
  state.failures[name] = state.generation;
  return WON;
}

function countItem(state: RunState, entry: Extract<RunEntry, { type: 'item' }>): Verdict {
  if (state.ended) return LOST;
  const { item, status } = entry;
  const step = nameIn(entry.within, entry.step);
  stopped(state, nameOf(entry));
  changeStep(state, step, (of) => withItemEnded(of, status));
  const { generation } = state;
  const before = state.items?.[step];
  const { successes, failures } = {
    successes: before?.successes ?? [],
    failures:
      before?.failures.generation === generation ? before.failures : { generation, items: [] },
  };
  const counted = withNumber(isSuccess(status) ? successes : failures.items, item);
  if (counted === undefined) return LOST;
  (state.items ??= {})[step] = isSuccess(status)
    ? { successes: counted, failures }
    : { successes, failures: { generation, items: counted } };
  return WON;
}

/** How far the items of a running step are. */
function withItemEnded(step: StepRecord, status: Status): StepRecord {
  if (step.status !== 'RUNNING' && step.status !== 'WAITING') return step;
  const { counts = {}, ...rest } = step.items ?? {};
  const items = { ...rest, counts: { ...counts, [status]: (counts[status] ?? 0) + 1 } };
  return { ...step, status: 'RUNNING', items };
}

/** Counts only: the record stays open until the command that drives the run has said its last word. */
function countEnd(state: RunState, status: RunStatus): Verdict {
  if (state.ended) return LOST;
  const isCounted = state.done && isGood(status);
  endGeneration(state, status);
  return isCounted ? LOST : WON;
}

/** A run that was cut off knows no outcome of what ran or waited then: it is cancelled with the run. */
function close(state: RunState, entry: Extract<RunEntry, { type: 'closed' }>): Verdict {
  endGeneration(state, entry.status);
  if (state.record === undefined) return WON;
  const outcomes = new Map(entry.outcomes.map((outcome) => [outcome.step, outcome]));
  const note = (within: string | undefined, outcome: Outcome): void => {
    const name = nameIn(within, outcome.step);
    noteUse(state, name, outcome);
    for (const inner of outcome.inner ?? []) note(name, inner);
  };
  for (const outcome of entry.outcomes) note(undefined, outcome);
  change(state, {
    state: 'closed',
    status: entry.status,
    finished_at: new Date(entry.atMs).toISOString(),
    steps: state.record.steps.map((step) => {
      const outcome = outcomes.get(step.id);
      return outcome === undefined ? endedWithRun(step) : stepRecordOf(outcome);
    }),
    ...(entry.error === undefined ? {} : { error: entry.error }),
  });
  delete state.heardMs;
  return WON;
}

function noteUse(state: RunState, name: string, { fingerprint }: Outcome): void {
  if (fingerprint !== undefined) (state.uses ??= {})[name] = fingerprint;
}

/** Of the step or item that an entry is about, its name in the run. */
function nameOf({
  within,
  step,
  item,
}: {
  readonly within?: string;
  readonly step: string;
  readonly item?: number;
}): string {
  return nameIn(within, itemName(step, item));
}

function endGeneration(state: RunState, status: RunRecord['status']): void {
  state.ended = true;
  state.done ||= isGood(status);
  state.attempts = {};
  delete state.running;
}

function stopped(state: RunState, step: string): void {
  if (state.running === undefined) return;
  delete state.running[step];
  if (Object.keys(state.running).length === 0) delete state.running;
}

function runningNow(step: StepRecord, { attempt, waits }: StepEntry): StepRecord {
  const { reason: _, ...same } = step;
  const waiting = waits === undefined ? {} : { reason: `waiting for limit ${waits}` };
  return { ...same, status: 'RUNNING', attempts: attempt, ...waiting };
}

function endedWithRun(step: StepRecord): StepRecord {
  const { steps } = step;
  const inner = steps === undefined ? {} : { steps: steps.map(endedWithRun) };
  return step.status === 'RUNNING' || step.status === 'WAITING'
    ? { ...step, status: 'CANCELLED', ...inner }
    : step;
}

function isGood(status: RunRecord['status']): boolean {
  return status === 'OK' || status === 'WARN';
}

function once(isVoid: boolean, taken: Record<string, true>, key: string): Verdict {
  if (isVoid || Object.hasOwn(taken, key)) return LOST;
  taken[key] = true;
  return WON;
}

function change(state: RunState, patch: Partial<RunRecord>): void {
  if (state.record !== undefined) state.record = { ...state.record, ...patch };
}

function changeStep(state: RunState, name: string, how: (step: StepRecord) => StepRecord): void {
  if (state.record === undefined) return;
  const steps = withStep(state.record.steps, name.split('/'), how);
  if (steps !== undefined) change(state, { steps });
}

/** The steps with one of them changed, which may be within another one; undefined: it is not on record. */
function withStep(
  before: readonly StepRecord[],
  [id, ...within]: readonly string[],
  how: (step: StepRecord) => StepRecord,
): readonly StepRecord[] | undefined {
  const at = before.findIndex((step) => step.id === id);
  const step = before[at];
  if (step === undefined) return undefined;
  const inner = within.length === 0 ? undefined : withStep(step.steps ?? [], within, how);
  if (within.length > 0 && inner === undefined) return undefined;
  // Copied, not mapped: it is done for each entry, and a plan may have hundreds of steps.
  const steps = [...before];
  const changed = inner === undefined ? how(step) : { ...step, steps: inner };
  // What is told of a profile before its end says nothing of the steps in it.
  steps[at] =
    step.steps === undefined || changed.steps !== undefined
      ? changed
      : { ...changed, steps: step.steps };
  return steps;
}
