/** Begins a run: resolves its definition, takes `--out`, records it, and executes it; or goes on with an unfinished one. */

import { join, resolve } from 'node:path';

import {
  inspectOut,
  openPartitions,
  previousResults,
  previousRows,
  recoverDelivery,
  refuseForPartitions,
  refuseForWhole,
  resolveOut,
} from '../../delivery/deliver.ts';
import { busy, lockOut, readOwner, takenOverLine } from '../../delivery/folder/out-lock.ts';
import { folderOfSteps } from '../../model/chosen-steps.ts';
import { UserError } from '../../model/errors.ts';
import { latestPartition } from '../../model/partition.ts';
import { driverState } from '../../store/run-records.ts';
import { resolveDefinition } from '../definitions/definition-source.ts';
import { executeRun } from './execute.ts';
import { makeParts } from '../parts.ts';
import { refuseDetached } from './detached.ts';
import { listRuns, lookAtRecords } from '../records.ts';
import { resumeRun } from './resume-run.ts';
import { makeRunId } from '../run-id.ts';
import { makeStateDir } from '../definitions/state-dir.ts';

import type { Plan } from '../../model/plan.ts';
import type { OrderedBy } from '../../model/standing-order.ts';
import type { DefinitionRequest, ResolvedDefinition } from '../definitions/definition-source.ts';
import type { RunControl } from '../control.ts';
import type { Parts } from '../parts.ts';
import type { RunEnded } from '../project-events.ts';

export type RunRequest = DefinitionRequest & {
  /** Folder that receives the dataset; results of some steps alone go beside it. */
  readonly out: string;
};

/** What a run is told by the schedule or backfill that ordered it. */
export type Ordered = {
  readonly runId: string;
  /** The time it is made for, Unix milliseconds; `run.date` is of it. */
  readonly atMs: number;
  readonly orderedBy: OrderedBy;
};

/** Runs to the end, or until told to stop. @throws UserError */
export async function beginRun(
  parts: Parts,
  request: RunRequest,
  control: RunControl,
  ordered?: Ordered,
): Promise<RunEnded> {
  const { stateDir, cwd = process.cwd() } = parts.options;
  const { tell } = control;
  const startedAt = new Date();
  const atMs = ordered?.atMs ?? startedAt.getTime();
  const definition = await resolveDefinition(request, { atMs }, parts.options);
  const { partition, only } = definition.plan;
  const whole = await resolveOut(resolve(cwd, request.out));
  const base = only === undefined ? whole : await resolveOut(folderOfSteps(whole, only));
  const shown = only === undefined ? request.out : folderOfSteps(request.out, only);
  refuseUnnamed(definition, request);
  const out = partition === undefined ? base : await resolveOut(join(base, partition.id));
  const refuse = async (): Promise<void> => {
    if (partition !== undefined) await refuseForPartitions(base, definition.plan.job, shown);
    await refuseForWhole(out, partition === undefined ? shown : join(shown, partition.id));
  };
  if (!(await isOfPlan(out, definition.planSha256))) await definition.checkQueries();
  // What cannot be used is said before anything is begun.
  await refuseDetached(parts, control);
  await parts.payloadKeys(tell);
  makeStateDir(stateDir);

  const open = await openRunOf(out, parts.options.store);
  if (
    open !== undefined &&
    open.planSha256 === definition.planSha256 &&
    // The same plan in another folder reads other files.
    open.jobPath === definition.jobPath &&
    open.stateDir === stateDir
  ) {
    tell({ type: 'unfinished_found', runId: open.runId });
    if (open.root === parts.storeRoot) return resumeRun(parts, { runId: open.runId }, control);
    // It is on record in a store that an earlier command was given.
    const there = makeParts({ ...parts.options, store: open.root });
    return resumeRun(there, { runId: open.runId }, control).finally(() => there.close());
  }

  if (open?.isDetached === true) {
    throw new UserError(
      'OUT_BUSY',
      `run ${open.runId} goes on without its command, to fill ${out}`,
      {
        hint: `Wait for it with \`builder_cli resume ${open.runId}\`, or end it with \`builder_cli cancel ${open.runId}\`.`,
      },
    );
  }
  await refuse();
  const runId = ordered?.runId ?? makeRunId(definition.plan.job, startedAt, Math.random());
  const records = await parts.records();
  const metrics = await parts.metrics(tell);
  if (partition !== undefined) await openPartitions(base, definition.plan.job, shown);
  const lock = await lockOut(out, { runId, stateDir });
  try {
    if (lock.before !== undefined) tell({ type: 'said', text: takenOverLine(lock.before) });
    await recoverDelivery(out);
    await refuse();
    // What conditions compare with is the delivery, also where only some steps run.
    const before = partition === undefined ? whole : join(whole, partition.id);
    const results = await previousResults(before, definition.plan);
    const plan: Plan = {
      ...definition.plan,
      run: {
        id: runId,
        date: definition.cut.date,
        generation: 1,
        out,
        ...(partition === undefined ? {} : { partitionsIn: base }),
        planSha256: definition.planSha256,
        limits: definition.limits,
        deliverQueue: '',
        outToken: lock.token,
        previousRows: await previousRows(before),
        ...(results === undefined ? {} : { previousResults: results }),
      },
    };
    tell({ type: 'run_opening', runId, out });
    await records.create({
      plan,
      jobPath: definition.jobPath,
      profilePath: definition.profilePath,
      params: definition.params,
      startedAtMs: startedAt.getTime(),
      orderedBy: ordered?.orderedBy,
    });
    tell({
      type: 'run_opened',
      runId,
      resumed: false,
      job: plan.job,
      profile: plan.profile,
      ...(plan.partition === undefined ? {} : { partition: plan.partition.id }),
      steps: plan.steps.length,
      stateDir,
      out,
      ...(metrics.url === undefined ? {} : { metricsUrl: metrics.url }),
    });
    return await executeRun(
      parts,
      { plan, lock, hooks: definition.hooks, way: 'start', orderedBy: ordered?.orderedBy },
      control,
    );
  } finally {
    // What is not delivered stays named here, so that `resume` finds it; a lock given back before is left alone.
    await lock.unlock({ keep: true });
  }
}

type OpenRun = {
  readonly runId: string;
  readonly stateDir: string;
  readonly root: string;
  readonly planSha256: string;
  readonly jobPath: string;
  readonly isDetached: boolean;
};

/**
 * The run that holds this `--out` and has not ended, if nobody may still drive it. What another user wrote there is
 * not followed.
 * @throws UserError OUT_BUSY
 */
async function openRunOf(
  out: string,
  store: string | object | undefined,
): Promise<OpenRun | undefined> {
  const owner = await readOwner(out);
  if (owner === undefined) return undefined;
  if (!owner.isFree) throw busy(out, owner);
  const { runId, stateDir } = owner;
  if (runId === undefined || stateDir === undefined) return undefined;
  const given = typeof store === 'string' ? store : undefined;
  const [found] = await listRuns(await lookAtRecords(stateDir, given), {
    where: ({ id, open }) => id === runId && open,
  });
  if (found === undefined) return undefined;
  const { record } = found;
  if (driverState(record) === 'alive') throw busy(out, { ...owner, state: 'alive' });
  const { plan_sha256: planSha256, job_path: jobPath, detached = false } = record;
  return { runId, stateDir, root: found.in.root, planSha256, jobPath, isDetached: detached };
}

/** True if what lies there was made by this plan: its queries have run, and need no look before they run again. */
async function isOfPlan(out: string, planSha256: string): Promise<boolean> {
  const found = await inspectOut(out);
  return found.state === 'ours' && found.manifest.plan_sha256 === planSha256;
}

/** Where none is named it is the latest, if there is one. @throws UserError BAD_PARTITION */
function refuseUnnamed({ cut }: ResolvedDefinition, { partition }: RunRequest): void {
  const { partitioning: how, today } = cut;
  if (partition !== undefined || how === undefined) return;
  if (how.by === 'list') {
    const message = `the job is cut into ${how.ids.length} partitions; name one`;
    throw new UserError('BAD_PARTITION', message, {
      hint: `Give --partition ${how.ids[0]}, or missing for all that are not delivered yet.`,
    });
  }
  if (latestPartition(how, today) !== undefined) return;
  const message = `no partition of the job is over yet; the first, ${how.first.id}, is on ${how.first.end}`;
  throw new UserError('BAD_PARTITION', message, {
    hint: `Give --partition ${how.first.id} to make it before.`,
  });
}
