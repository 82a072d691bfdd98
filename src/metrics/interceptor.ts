/**
 * Counts every attempt of a step where it is executed, with the duration its runner measured. The authority for attempts, never for outcomes:
 * it cannot know whether its attempt is the last, nor whether its answer arrives.
 */

import { endingOf, ENDINGS, isExecuted } from '../model/endings.ts';
import { attemptIn } from '../model/items.ts';
import { failureThrown } from '../model/failure.ts';

import type { ActivityInterceptorsFactory } from '@temporalio/worker';

import type { Ending } from '../model/endings.ts';
import type { StepInput, StepResult } from '../model/step-result.ts';
import type { Counting } from './counting.ts';
import type { Telemetry } from './telemetry.ts';

type Settings = {
  readonly counting: Counting;
  /** Absent: the exporter is off, and attempts are only written down. */
  readonly telemetry?: Pick<Telemetry, 'seedStep'>;
};

type Rows = Pick<StepResult, 'rowsIn' | 'rowsOut' | 'rowsRejected'>;

/** For `interceptors.activity` of a worker. Activities that are not steps, such as `deliver`, pass untouched. */
export function makeActivityInterceptor(settings: Settings): ActivityInterceptorsFactory {
  return () => ({
    inbound: {
      async execute(input, next) {
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
  const { run, step, item, attempt } = input;
  const { id: runId, job, profile, generation, aside, within } = run;
  const place = {
    ...{ runId, job, profile, generation },
    ...(within === undefined ? {} : { within }),
    ...(aside === undefined ? {} : { aside }),
  };
  const ofItem = item === undefined ? {} : { item: item.index };
  if (aside === undefined) telemetry?.seedStep(place, step.id);
  // Not awaited, here and below: it is written before the step goes on, but its bookkeeping does not hold it up.
  void counting.add([
    { ...place, atMs: Date.now(), type: 'step', step: step.id, ...ofItem, attempt, began: true },
  ]);

  const record = (ending: Ending, durationMs: number, rows: Rows, isMade = true): void => {
    if (!isMade) return;
    void counting.add([
      {
        ...place,
        atMs: Date.now(),
        type: 'attempt',
        step: step.id,
        ...ofItem,
        kind: step.kind,
        attempt,
        result: ending,
        durationMs,
        observed: ENDINGS[ending].observed,
        // The rows of a step with items are those of all of them.
        ...(item !== undefined ? {} : rowsOf(rows)),
      },
    ]);
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

function rowsOf({ rowsIn, rowsOut, rowsRejected }: Rows): Rows {
  return {
    ...(rowsIn === undefined ? {} : { rowsIn }),
    ...(rowsOut === undefined ? {} : { rowsOut }),
    ...(rowsRejected === undefined ? {} : { rowsRejected }),
  };
}
