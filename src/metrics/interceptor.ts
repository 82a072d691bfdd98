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
/** What an attempt came to, while it is put together. */
type Attempt = Extract<RunEntry, { type: 'attempt' }>;
type Ended = Omit<Attempt, keyof Rows> & { -readonly [Key in keyof Rows]: Rows[Key] };

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
  const { run, step, item } = input;
  const about = aboutOf(input);
  if (run.aside === undefined) telemetry?.seedStep(run, step.id);
  // Not awaited, here and below: it is written before the step goes on, but its bookkeeping does not hold it up.
  void counting.add([{ ...about, atMs: Date.now(), type: 'step', began: true }]);

  const record = (ending: Ending, durationMs: number, rows: Rows, isMade = true): void => {
    if (!isMade) return;
    const ended: Ended = {
      ...about,
      atMs: Date.now(),
      type: 'attempt',
      kind: step.kind,
      result: ending,
      durationMs,
      observed: ENDINGS[ending].observed,
    };
    // The rows of a step with items are those of all of them.
    if (item === undefined) addRows(ended, rows);
    void counting.add([ended]);
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

/** Which attempt it is. On the path of each step: one literal where that is all, which costs less than several spread. */
function aboutOf({ run, step, item, attempt }: StepInput) {
  const { id: runId, job, profile, generation, aside, within } = run;
  const usual = { runId, job, profile, generation, step: step.id, attempt };
  if (aside === undefined && within === undefined && item === undefined) return usual;
  return {
    ...usual,
    ...(within === undefined ? {} : { within }),
    ...(aside === undefined ? {} : { aside }),
    ...(item === undefined ? {} : { item: item.index }),
  };
}

function addRows(ended: Ended, { rowsIn, rowsOut, rowsRejected }: Rows): void {
  if (rowsIn !== undefined) ended.rowsIn = rowsIn;
  if (rowsOut !== undefined) ended.rowsOut = rowsOut;
  if (rowsRejected !== undefined) ended.rowsRejected = rowsRejected;
}
