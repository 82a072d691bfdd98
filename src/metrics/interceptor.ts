/**
 * Counts every attempt of a step where it is executed, with the duration its runner measured. The authority for attempts, never for outcomes:
 * it cannot know whether its attempt is the last, nor whether its answer arrives.
 */

import { endingOf, ENDINGS, isExecuted } from '../model/endings.ts';
import { attemptIn } from '../model/items.ts';
import { failureThrown } from '../model/failure.ts';

import type { ActivityInterceptorsFactory } from '@temporalio/worker';

import type { Ending } from '../model/endings.ts';
import type { RunEntry } from '../store/entries.ts';
import type { StepInput, StepResult } from '../model/step-result.ts';
import type { Counting } from './counting.ts';
import type { Telemetry } from './telemetry.ts';

type Settings = {
  readonly counting: Counting;
  /** Absent: the exporter is off, and attempts are only written down. */
  readonly telemetry?: Pick<Telemetry, 'seedStep'>;
};

type Rows = Pick<StepResult, 'rowsIn' | 'rowsOut' | 'rowsRejected'>;
type Began = Extract<RunEntry, { type: 'step' }>;
type Attempt = Extract<RunEntry, { type: 'attempt' }>;
type Writable<Entry> = { -readonly [Key in keyof Entry]: Entry[Key] };

/** For `interceptors.activity` of a worker. Activities that are not steps, such as `deliver`, pass untouched. */
export function makeActivityInterceptor(settings: Settings): ActivityInterceptorsFactory {
  return () => ({
    inbound: {
      execute(input, next) {
        const step = attemptIn(input.args);
        return step === undefined ? next(input) : counted(step, () => next(input), settings);
      },
    },
  });
}

/** Runs one attempt and records how it ended. Rethrows what it throws. */
async function counted(
  input: StepInput,
  execute: () => Promise<unknown>,
  { counting, telemetry }: Settings,
): Promise<unknown> {
  const { run, step } = input;
  if (run.aside === undefined) telemetry?.seedStep(run, step.id);
  // Not awaited, here and below: it is written before the step goes on, but its bookkeeping does not hold it up.
  void counting.add([begun(input)]);

  const record = (ending: Ending, durationMs: number, rows: Rows, isMade = true): void => {
    if (isMade) void counting.add([ended(input, ending, durationMs, rows)]);
  };

  try {
    const output = (await execute()) as StepResult;
    record('ok', output.durationMs, output, isExecuted(output));
    return output;
  } catch (error) {
    const failure = failureThrown(error);
    record(endingOf(failure), failure.durationMs ?? 0, failure);
    throw error;
  }
}

/** Both entries are one literal each, which costs less on the path of each step than several spread. */
function begun({ run, step, attempt, item }: StepInput): RunEntry {
  const { id: runId, job, profile, generation } = run;
  const entry: Writable<Began> = {
    runId,
    job,
    profile,
    generation,
    step: step.id,
    attempt,
    atMs: Date.now(),
    type: 'step',
    began: true,
  };
  return narrowed(entry, run, item);
}

function ended(
  { run, step, attempt, item }: StepInput,
  result: Ending,
  durationMs: number,
  { rowsIn, rowsOut, rowsRejected }: Rows,
): RunEntry {
  const { id: runId, job, profile, generation } = run;
  const entry: Writable<Attempt> = {
    runId,
    job,
    profile,
    generation,
    step: step.id,
    attempt,
    atMs: Date.now(),
    type: 'attempt',
    kind: step.kind,
    result,
    durationMs,
    observed: ENDINGS[result].observed,
  };
  // The rows of a step with items are those of all of them.
  if (item !== undefined) return narrowed(entry, run, item);
  if (rowsIn !== undefined) entry.rowsIn = rowsIn;
  if (rowsOut !== undefined) entry.rowsOut = rowsOut;
  if (rowsRejected !== undefined) entry.rowsRejected = rowsRejected;
  return narrowed(entry, run, item);
}

/** With what only some attempts have. */
function narrowed<Entry extends Writable<Began> | Writable<Attempt>>(
  entry: Entry,
  { within, aside }: StepInput['run'],
  item: StepInput['item'],
): Entry {
  if (within !== undefined) entry.within = within;
  if (aside !== undefined) entry.aside = aside;
  if (item !== undefined) entry.item = item.index;
  return entry;
}
