/**
 * Makes the run of an order exactly once, by the use-cases of the command line. What is on record decides: a run that has
 * ended is answered, one that is open is gone on with, one that is not there is begun.
 */

import { UserError } from '../../model/errors.ts';
import { beginRun } from '../one/begin-run.ts';
import { recordRefused } from '../one/record-refused.ts';
import { resumeRun } from '../one/resume-run.ts';
import { recordedExitCode } from '../../model/exit-code.ts';

import type { RunRecord } from '../../model/run-record.ts';
import type { RunMade, RunOrder } from '../../model/standing-order.ts';
import type { RunControl } from '../control.ts';
import type { Parts } from '../parts.ts';
import type { RunEnded } from '../project-events.ts';

/** Failures by which a run could not get on, and may later: the same order is tried again. */
export class NotNow extends Error {
  override readonly name = 'NotNow';
}

/** What became of the run. @throws NotNow where the order has to be given again */
export async function makeRun(
  parts: Parts,
  given: RunOrder,
  control: RunControl,
  /** Nobody tries again if this one fails for a reason that nobody foresaw. */
  isLastTry = false,
): Promise<RunMade> {
  const { runId } = given;
  const records = await parts.records();
  const record = await records.read(runId);
  if (record?.state === 'closed') return madeOf(record);
  let ended: RunEnded;
  try {
    ended =
      record === undefined
        ? await begin(parts, given, control)
        : await resumeRun(parts, { runId }, control);
  } catch (error) {
    return afterFailure(parts, given, error, { isLastTry, tell: control.tell });
  }
  if (ended.state !== 'closed') throw new NotNow(`run ${runId} was left open`);
  return madeOf(ended.record, ended.exitCode);
}

function begin(
  parts: Parts,
  { order, runId, partition = order.partition, atMs }: RunOrder,
  control: RunControl,
): Promise<RunEnded> {
  const { job, profile, params, out, by, id } = order;
  const request = {
    job,
    out,
    ...(profile === undefined ? {} : { profile }),
    ...(params === undefined ? {} : { params }),
    ...(partition === undefined ? {} : { partition }),
  };
  return beginRun(parts, request, control, { runId, atMs, orderedBy: { by, id } });
}

async function afterFailure(
  parts: Parts,
  given: RunOrder,
  error: unknown,
  about: { readonly isLastTry: boolean; readonly tell: RunControl['tell'] },
): Promise<RunMade> {
  const { runId, partition } = given;
  const message = error instanceof Error ? error.message : String(error);
  const record = await (await parts.records()).read(runId);
  if (record?.state === 'closed') return madeOf(record);
  const again = new NotNow(message, { cause: error });
  if (!(error instanceof UserError)) {
    if (!about.isLastTry) throw again;
  } else if (error.code === 'OUT_BUSY') {
    // Its own process may only be slow: it is the one that answers in the end.
    if (record !== undefined) throw again;
    const held = { status: 'HELD', exitCode: 2, reason: message } as const;
    return { runId, ...(partition === undefined ? {} : { partition }), ...held };
  } else if (error.exitCode === 3 || error.code === 'FENCED') {
    throw again;
  }
  // What is open already failed on its way: nobody mends that by a second record.
  if (record !== undefined) throw again;
  return madeOf(await recordRefused(parts, given, error, about.tell));
}

/** The answer for a run that is on record as closed. */
function madeOf(record: RunRecord, exitCode: number = recordedExitCode(record)): RunMade {
  const { run_id: runId, partition, status, error } = record;
  if (status === 'RUNNING') throw new NotNow(`run ${runId} goes on`);
  return {
    runId,
    ...(partition === undefined ? {} : { partition }),
    status,
    exitCode,
    ...(error === undefined ? {} : { reason: error }),
  };
}
