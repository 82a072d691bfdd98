/** The runs of a journal in lists: a row for each, and which of them execute steps. Pure. */

import { stepOfName } from '../../model/items.ts';

import type { RunState } from './run-state.ts';

/** A run in lists. */
export type RunRow = {
  readonly id: string;
  readonly startedAt: string;
  readonly open: boolean;
  readonly out?: string;
  /** State folder, where that is not the one the store lies in. */
  readonly stateDir?: string;
  readonly stateId?: string;
};

/** A step that is executed, as far as is known. */
export type RunningStep = {
  readonly job: string;
  readonly profile: string;
  readonly step: string;
  readonly beganMs: number;
};

/** By run: the steps that are executed. Empty for a run of which an earlier part may say something else. */
export type Running = Readonly<Record<string, readonly RunningStep[]>>;

/** Those with a record, by start. */
export function rowsOf(states: readonly RunState[]): readonly RunRow[] {
  return states.flatMap(rowOf).sort(byStart);
}

/** What runs, by the states that a part of the journal left behind. */
export function runningOf(runs: Iterable<readonly [runId: string, state: RunState]>): Running {
  const all: Record<string, readonly RunningStep[]> = {};
  for (const [runId, state] of runs) {
    // One that was taken off the record is named as such.
    if (state.gone !== undefined) continue;
    const steps = runningSteps(state);
    // A run with a record has a row in this part, which says as much as an empty list would.
    if (steps.length > 0 || state.record === undefined) all[runId] = steps;
  }
  return all;
}

/** The steps of a run that are executed. */
export function runningSteps({ running = {} }: RunState): readonly RunningStep[] {
  const steps = new Map<string, RunningStep>();
  for (const [name, about] of Object.entries(running)) {
    // Of several items the one that has run longest.
    const step = about.step ?? stepOfName(name);
    const key = JSON.stringify([about.profile, step]);
    const before = steps.get(key);
    if (before === undefined || about.beganMs < before.beganMs) steps.set(key, { ...about, step });
  }
  return [...steps.values()];
}

/** Both are sorted; of one run the newer row counts. */
export function mergeRows(older: readonly RunRow[], newer: readonly RunRow[]): readonly RunRow[] {
  if (newer.length === 0) return older;
  const renewed = new Set(newer.map(({ id }) => id));
  const rows = older.filter(({ id }) => !renewed.has(id));
  const isBehind = rows.length === 0 || byStart(rows.at(-1)!, newer[0]!) < 0;
  return isBehind ? [...rows, ...newer] : [...rows, ...newer].sort(byStart);
}

/** The rows without those of these runs. */
export function without(
  rows: readonly RunRow[],
  ids: readonly string[] | undefined,
): readonly RunRow[] {
  if (ids === undefined || ids.length === 0) return rows;
  const gone = new Set(ids);
  return rows.filter(({ id }) => !gone.has(id));
}

/** What runs, where no earlier part says anything. */
export function onlyRunning(running: Running): Running {
  return Object.fromEntries(Object.entries(running).filter(([, steps]) => steps.length > 0));
}

type Part = {
  readonly runs: readonly RunRow[];
  readonly running: Running;
  readonly gone?: readonly string[];
};

/** What the newer part says of a run counts, and where it has a row, that nothing runs. */
export function mergeRunning(older: Part, newer: Part): Running {
  if (Object.keys(older.running).length === 0) return newer.running;
  const left = { ...older.running };
  for (const { id } of newer.runs) delete left[id];
  for (const id of newer.gone ?? []) delete left[id];
  return { ...left, ...newer.running };
}

function rowOf({ record }: RunState): readonly RunRow[] {
  if (record === undefined) return [];
  const { run_id, started_at, out, state_dir: stateDir, state_id: stateId } = record;
  return [
    {
      id: run_id,
      startedAt: started_at,
      open: record.state === 'open',
      ...(out === undefined ? {} : { out }),
      ...(stateDir === undefined ? {} : { stateDir }),
      ...(stateId === undefined ? {} : { stateId }),
    },
  ];
}

function byStart(a: RunRow, b: RunRow): number {
  if (a.startedAt !== b.startedAt) return a.startedAt < b.startedAt ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}
