/** Goes on with a recorded run under its own id: looks at record, owner and workflow, and does what `decideResume` says. */

import { recoverDelivery } from '../../delivery/deliver.ts';
import { lockOut, takenOverLine } from '../../delivery/folder/out-lock.ts';
import { decideResume } from '../../model/decide-resume.ts';
import { UserError } from '../../model/errors.ts';
import { describeOwner } from '../../os/owner.ts';
import { driverOf, driverState } from '../../store/run-records.ts';
import { currentDefinition } from '../definitions/current-definition.ts';
import { listenForStops } from '../control.ts';
import { refuseDetached } from './detached.ts';
import { executeRun } from './execute.ts';
import { queuesOf } from '../worker/queues.ts';
import { isRefused } from './record-refused.ts';
import { seeWorkflow } from './see-workflow.ts';
import { tidyUp } from './tidy-up.ts';

import type { OutLock } from '../../delivery/folder/out-lock.ts';
import type { RecordedRun, ResumeDecision } from '../../model/decide-resume.ts';
import type { Plan } from '../../model/plan.ts';
import type { RunRecord } from '../../model/run-record.ts';
import type { RunControl } from '../control.ts';
import type { ResolvedDefinition } from '../definitions/definition-source.ts';
import type { Execution } from './execution.ts';
import type { Parts } from '../parts.ts';
import type { ProjectEvent, RunEnded, Tell } from '../project-events.ts';

export type ResumeRequest = { readonly runId: string };

/** Runs to the end, or until told to stop. @throws UserError NOTHING_TO_RESUME, OUT_BUSY, ENGINE_UNREACHABLE */
export async function resumeRun(
  parts: Parts,
  { runId }: ResumeRequest,
  control: RunControl,
): Promise<RunEnded> {
  const { options } = parts;
  const records = await parts.records();
  const { tell } = control;
  const record = await records.read(runId);
  if (record === undefined) {
    throw new UserError('RUN_NOT_FOUND', `run ${runId} is not recorded in ${options.stateDir}`);
  }
  if (isRefused(record)) {
    throw new UserError('NOTHING_TO_RESUME', `run ${runId} could not be begun: ${record.error}`, {
      hint: 'Mend what it says, and have it made again, by a run-profile or the next of its backfill or schedule.',
    });
  }
  const saved = await records.readPlan(runId);
  const { out } = saved.run;
  // Before anything is opened or read: who may not go on changes nothing.
  const about = { parts, plan: saved, tell };
  await refuse(
    decideResume(recordedRun(record, out), { state: 'absent' }, asRecorded(record)),
    about,
  );

  await refuseDetached(parts, control);
  await parts.payloadKeys(tell);
  tell({ type: 'run_opening', runId, ...(out === undefined ? {} : { out }) });
  const definition = await currentDefinition(record, saved, options, tell);
  const metrics = await parts.metrics(tell);
  // Its lock is the one that it delivers under: whoever takes it over ends that.
  const isDetached = record.detached === true && record.state === 'open';
  let lock: OutLock | undefined;
  const take = async (): Promise<void> => {
    if (out === undefined) return;
    lock = await lockOut(out, { runId, stateDir: options.stateDir });
    if (lock.before !== undefined) tell({ type: 'said', text: takenOverLine(lock.before) });
  };
  if (!isDetached) await take();
  try {
    const held: ProjectEvent[] = [];
    const seen = await unlessSuspended(
      control,
      seeWorkflow(parts, record, (event) => held.push(event)),
    );
    if (seen === 'suspended') {
      tell({ type: 'run_suspended', runId });
      return { state: 'suspended', runId };
    }
    const { deliverQueue: ownDeliverQueue } = queuesOf('service', saved.run);
    const isDeliveredElsewhere =
      !isDetached && record.deliver_queue !== undefined && record.deliver_queue !== ownDeliverQueue;
    const recorded = { ...recordedRun(record, out), isDeliveredElsewhere };
    const decision = decideResume(recorded, seen.workflow, {
      ...seen.engine,
      planSha256: definition.planSha256,
    });
    await refuse(decision, about);
    if (isDetached && decision.do !== 'attach') await take();
    const execution = executionOf(decision, { record, saved, definition, lock });
    const { plan } = execution;
    if (lock !== undefined && out !== undefined) await recoverDelivery(out);
    // Its earlier end may not be told yet: soon the record says that it is open again.
    await (await parts.hooks(tell, false)).adopt();
    if (execution.way === 'attach') await records.drive(runId);
    else await records.reopen(runId, plan);
    tell({
      type: 'run_opened',
      runId,
      resumed: true,
      job: plan.job,
      profile: plan.profile,
      ...(plan.partition === undefined ? {} : { partition: plan.partition.id }),
      steps: plan.steps.length,
      stateDir: options.stateDir,
      ...(out === undefined ? {} : { out }),
      ...(metrics.url === undefined ? {} : { metricsUrl: metrics.url }),
    });
    // The run is told first, then where it is executed.
    for (const event of held) tell(event);
    if (seen.isWorthTelling && decision.do === 'restart') {
      tell({ type: 'restarting', runId, why: decision.why });
    }
    return await executeRun(parts, execution, control);
  } finally {
    await lock?.unlock({ keep: true });
  }
}

/** A service that hangs does not hold who was told to leave. */
async function unlessSuspended<T>(control: RunControl, work: Promise<T>): Promise<T | 'suspended'> {
  const stops = listenForStops(control);
  try {
    return await Promise.race([stops.suspended, work]);
  } finally {
    stops.end();
  }
}

function executionOf(
  decision: ResumeDecision,
  about: {
    readonly record: RunRecord;
    readonly saved: Plan;
    readonly definition: Pick<ResolvedDefinition, 'plan' | 'planSha256' | 'hooks' | 'limits'>;
    readonly lock: OutLock | undefined;
  },
): Execution {
  const { record, saved, definition, lock } = about;
  const { hooks } = definition;
  const token = lock === undefined ? {} : { outToken: lock.token };
  if (decision.do === 'attach') {
    // Its workflow goes on with the plan it was given; only this process knows the new lock.
    const detached = record.detached === true ? { detached: { hooks } } : {};
    const run = { ...saved.run, ...token, ...detached };
    return { plan: { ...saved, run }, lock, hooks, way: 'attach' };
  }
  const plan: Plan = {
    ...definition.plan,
    run: {
      ...saved.run,
      planSha256: definition.planSha256,
      limits: definition.limits,
      generation: record.generation + 1,
      ...token,
    },
  };
  const endFirst = decision.do === 'restart' && decision.endFirst;
  return { plan, lock, hooks, way: 'start', endFirst, orderedBy: record.ordered_by };
}

/** @throws UserError */
async function refuse(
  decision: ResumeDecision,
  about: { readonly parts: Parts; readonly plan: Plan; readonly tell: Tell },
): Promise<void> {
  if (decision.do !== 'refuse') return;
  const { code, why } = decision;
  const { parts, plan, tell } = about;
  if (code === 'NOTHING_TO_RESUME') {
    await tidyUp(parts, plan, tell);
    // Nor may it have come to telling how the run ended.
    const hooks = await parts.hooks(tell, false);
    await hooks.adopt();
    await hooks.settle(new AbortController().signal);
    throw new UserError(code, why, { hint: 'Start a new run with run-profile.' });
  }
  throw new UserError(code, why, code === 'ENGINE_UNREACHABLE' ? { exitCode: 3 } : {});
}

/**
 * The record as the decision wants it. A driver that cannot be seen from here holds the lease of `--out`, which tells
 * whether it lives; a run without one has only its word.
 */
export function recordedRun(record: RunRecord, out: string | undefined): RecordedRun {
  const state = driverState(record);
  const where = state === 'alive' ? `process ${record.pid}` : describeOwner(driverOf(record));
  return {
    id: record.run_id,
    state: record.state,
    status: record.status,
    owner:
      state === 'unknown'
        ? { state, where, leaseEndsInMs: out === undefined ? Number.POSITIVE_INFINITY : 0 }
        : { state, where },
    engine: record.engine as RecordedRun['engine'],
    planSha256: record.plan_sha256,
    bundle: record.bundle,
  };
}

/** A present in which nothing has changed. */
function asRecorded({ engine, plan_sha256: planSha256, bundle = '' }: RunRecord) {
  const { address = '', namespace = '' } = engine ?? {};
  return { engine: 'embedded' as const, address, namespace, planSha256, bundle };
}
