/** Closes an open run that nobody will resume: it ends CANCELLED, without its definition and without an engine. */

import { recoverDelivery } from '../../delivery/deliver.ts';
import { lockOut } from '../../delivery/folder/out-lock.ts';
import { STOPS } from '../../model/endings.ts';
import { UserError } from '../../model/errors.ts';
import { runOrder } from '../../model/order.ts';
import { isSuccess } from '../../model/outcome.ts';
import { shapeOf } from '../../model/run-shape.ts';
import { whyBusy } from '../../model/decide-resume.ts';
import { recordedRun } from './resume-run.ts';
import { tidyUp } from './tidy-up.ts';

import type { RunEvent } from '../../model/events.ts';
import type { Outcome, Status } from '../../model/outcome.ts';
import type { Plan } from '../../model/plan.ts';
import type { RunRecord, StepRecord } from '../../model/run-record.ts';
import type { Parts } from '../parts.ts';
import type { Tell } from '../project-events.ts';

/**
 * Steps that had ended keep their outcome, all others end CANCELLED. Whoever still works for the run is fenced.
 * @throws UserError NOTHING_TO_RESUME, OUT_BUSY, FENCED; exit code 3 where its service does not answer
 */
export async function giveUpRun(parts: Parts, runId: string, tell: Tell): Promise<RunRecord> {
  const { stateDir } = parts.options;
  const records = await parts.records();
  const record = await records.read(runId);
  if (record === undefined) {
    throw new UserError('RUN_NOT_FOUND', `run ${runId} is not recorded in ${stateDir}`);
  }
  if (record.state === 'closed') {
    throw new UserError('NOTHING_TO_RESUME', `run ${runId} has ended ${record.status}`);
  }
  const saved = await records.readPlan(runId);
  const { out } = saved.run;
  const busy = whyBusy(recordedRun(record, out));
  if (busy !== undefined) {
    throw new UserError('OUT_BUSY', busy, { hint: `builder_cli cancel ${runId} ends it.` });
  }
  const lock = out === undefined ? undefined : await lockOut(out, { runId, stateDir });
  try {
    await endWorkflow(parts, runId, tell);
    if (out !== undefined) await recoverDelivery(out);
    const plan: Plan = { ...saved, run: { ...saved.run, generation: record.generation + 1 } };
    await records.reopen(runId, plan);
    const outcomes = outcomesOf(record, Date.now());
    await tellEnd(parts, plan, outcomes, tell);
    const closed = await records.close(runId, { status: 'CANCELLED', outcomes });
    await lock?.unlock({ keep: false });
    await tidyUp(parts, plan, tell);
    return closed;
  } finally {
    await lock?.unlock({ keep: true });
  }
}

/** With a service its workers may still go on with it; the embedded engine's worker was the command that is gone. */
async function endWorkflow(parts: Parts, runId: string, tell: Tell): Promise<void> {
  if (await parts.isEmbedded()) return;
  const { WorkflowNotFoundError } = await import('@temporalio/client');
  const handle = (await (await parts.link(tell)).client()).workflow.getHandle(runId);
  await handle.terminate('the run was given up').catch((error: unknown) => {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  });
}

function outcomesOf({ steps }: RunRecord, atMs: number): readonly Outcome[] {
  const { waiting, reason } = STOPS.cancelled;
  return steps.map((step) => {
    if (hasEnded(step) && isSuccess(step.status)) return outcomeOf(step, atMs);
    return outcomeOf({ ...step, status: waiting, reason, duration_ms: 0 }, atMs);
  });
}

type EndedStep = StepRecord & { readonly status: Status };

function hasEnded(step: StepRecord): step is EndedStep {
  return step.status !== 'WAITING' && step.status !== 'RUNNING';
}

function outcomeOf(step: EndedStep, atMs: number): Outcome {
  const { id, kind, status, reason, attempts, duration_ms: durationMs = 0 } = step;
  return {
    step: id,
    kind,
    status,
    ...(reason === undefined ? {} : { reason }),
    attempts,
    lost: 0,
    durationMs,
    elapsedMs: step.elapsed_ms ?? durationMs,
    endedAtMs: atMs,
    ...(step.rows_in === undefined ? {} : { rowsIn: step.rows_in }),
    ...(step.rows_out === undefined ? {} : { rowsOut: step.rows_out }),
    ...(step.fingerprint === undefined ? {} : { fingerprint: step.fingerprint }),
  };
}

async function tellEnd(
  parts: Parts,
  plan: Plan,
  outcomes: readonly Outcome[],
  tell: Tell,
): Promise<void> {
  const atMs = Date.now();
  const events: readonly RunEvent[] = [
    { type: 'run_started', atMs, shape: shapeOf(plan) },
    ...outcomes.map((outcome) => ({ type: 'step_ended', atMs, outcome }) as const),
    { type: 'run_ended', atMs, status: 'CANCELLED', durationMs: 0 },
  ];
  const metrics = await parts.metrics(tell);
  await metrics.sinks(() => undefined).events.emit.fn(undefined, runOrder(plan), events);
}
