/** Begins a run: resolves its definition, takes `--out`, records it, and executes it; or goes on with an unfinished one. */

import { resolve } from 'node:path';

import { inspectOut, previousRows, recoverDelivery, resolveOut } from '../delivery/deliver.ts';
import { busy, lockOut, readOwner, takenOverLine } from '../delivery/folder/out-lock.ts';
import { UserError } from '../model/errors.ts';
import { driverState } from '../store/run-records.ts';
import { resolveDefinition } from './definition-source.ts';
import { executeRun } from './execute.ts';
import { makeParts } from './parts.ts';
import { listRuns, lookAtRecords } from './records.ts';
import { resumeRun } from './resume-run.ts';
import { makeRunId } from './run-id.ts';
import { makeStateDir } from './state-dir.ts';

import type { Plan } from '../model/plan.ts';
import type { DefinitionRequest } from './definition-source.ts';
import type { RunControl } from './control.ts';
import type { Parts } from './parts.ts';
import type { RunEnded } from './project-events.ts';

export type RunRequest = DefinitionRequest & {
  /** Folder that receives the dataset. */
  readonly out: string;
};

/** Runs to the end, or until told to stop. @throws UserError */
export async function beginRun(
  parts: Parts,
  request: RunRequest,
  control: RunControl,
): Promise<RunEnded> {
  const { stateDir, cwd = process.cwd() } = parts.options;
  const { tell } = control;
  const startedAt = new Date();
  const date = startedAt.toISOString().slice(0, 10);
  const definition = await resolveDefinition(request, date, parts.options);
  const out = await resolveOut(resolve(cwd, request.out));
  if (!(await isOfPlan(out, definition.planSha256))) await definition.checkQueries();
  makeStateDir(stateDir);

  const open = await openRunOf(out, parts.options.store);
  if (
    open !== undefined &&
    open.planSha256 === definition.planSha256 &&
    open.stateDir === stateDir
  ) {
    tell({ type: 'unfinished_found', runId: open.runId });
    if (open.root === parts.storeRoot) return resumeRun(parts, { runId: open.runId }, control);
    // It is on record in a store that an earlier command was given.
    const there = makeParts({ ...parts.options, store: open.root });
    return resumeRun(there, { runId: open.runId }, control).finally(() => there.close());
  }

  await refuseForeign(out, request.out);
  const runId = makeRunId(definition.plan.job, startedAt, Math.random());
  const records = await parts.records();
  const metrics = await parts.metrics(tell);
  const lock = await lockOut(out, { runId, stateDir });
  try {
    if (lock.before !== undefined) tell({ type: 'said', text: takenOverLine(lock.before) });
    await recoverDelivery(out);
    await refuseForeign(out, request.out);
    const plan: Plan = {
      ...definition.plan,
      run: {
        id: runId,
        date,
        generation: 1,
        out,
        planSha256: definition.planSha256,
        deliverQueue: '',
        outToken: lock.token,
        previousRows: await previousRows(out),
      },
    };
    tell({ type: 'run_opening', runId, out });
    await records.create({
      plan,
      jobPath: definition.jobPath,
      profilePath: definition.profilePath,
      params: definition.params,
      startedAtMs: startedAt.getTime(),
    });
    tell({
      type: 'run_opened',
      runId,
      resumed: false,
      job: plan.job,
      profile: plan.profile,
      steps: plan.steps.length,
      stateDir,
      out,
      ...(metrics.url === undefined ? {} : { metricsUrl: metrics.url }),
    });
    return await executeRun(parts, { plan, lock, way: 'start' }, control);
  } finally {
    // What is not delivered stays named here, so that `resume` finds it; a lock given back before is left alone.
    await lock.unlock({ keep: true });
  }
}

/**
 * The run that holds this `--out` and has not ended, if nobody may still drive it. What another user wrote there is
 * not followed.
 * @throws UserError OUT_BUSY
 */
async function openRunOf(
  out: string,
  store: string | object | undefined,
): Promise<{ runId: string; stateDir: string; root: string; planSha256: string } | undefined> {
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
  return { runId, stateDir, root: found.in.root, planSha256: record.plan_sha256 };
}

/** True if what lies there was made by this plan: its queries have run, and need no look before they run again. */
async function isOfPlan(out: string, planSha256: string): Promise<boolean> {
  const found = await inspectOut(out);
  return found.state === 'ours' && found.manifest.plan_sha256 === planSha256;
}

async function refuseForeign(out: string, shown: string): Promise<void> {
  const { state } = await inspectOut(out);
  if (state !== 'foreign') return;
  throw new UserError(
    'OUT_NOT_OURS',
    `${shown} is not empty and was not made by a delivery; nothing was touched`,
    {
      hint: 'Give another --out: a folder that is new or empty, or that holds an earlier delivery.',
    },
  );
}
