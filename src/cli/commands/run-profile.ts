/** `run-profile`: checks the files, takes `--out`, and runs the plan to its end. */

import { resolve } from 'node:path';

import { KINDS } from '../../kinds/index.ts';
import { UserError } from '../../model/errors.ts';
import { inspectOut, previousRows, recoverDelivery, resolveOut } from '../../delivery/deliver.ts';
import { busy, lockOut, readOwner, takenOverLine } from '../../delivery/folder/out-lock.ts';
import { listRuns, lookAtRecords, openRecords } from '../../run/records.ts';
import { driverState } from '../../store/run-records.ts';
import { loadDefinition } from '../../run/load-definition.ts';
import { execute } from '../run/execute.ts';
import { openSessionMetrics } from '../run/session.ts';
import { makeRunId } from '../run/run-id.ts';
import { whereToServe } from '../run/where-to-serve.ts';
import { makeStateDir, stateDirOf } from '../state-dir.ts';
import { resumeRun } from './resume.ts';

import type { GlobalFlags, Settings } from '../settings.ts';
import type { Io } from '../io.ts';
import type { Plan } from '../../model/plan.ts';

export type RunProfileFlags = GlobalFlags & {
  readonly job: string;
  readonly profile?: string;
  readonly out: string;
  readonly param?: readonly string[];
  readonly dryRun?: boolean;
};

/** Runs a job with a profile. Answers the exit code. @throws UserError */
export async function runProfileCommand(
  flags: RunProfileFlags,
  settings: Settings,
  io: Io,
): Promise<number> {
  if (flags.dryRun === true) {
    const { explainCommand } = await import('./explain.ts');
    const { serveWhile } = await import('../../metrics/serve-while.ts');
    return serveWhile(await whereToServe(settings, io), () => explainCommand(flags, settings, io));
  }
  const startedAt = new Date();
  const date = startedAt.toISOString().slice(0, 10);
  const definition = await loadDefinition({
    jobPath: flags.job,
    ...(flags.profile === undefined ? {} : { profile: flags.profile }),
    params: flags.param ?? [],
    date,
    cwd: io.cwd,
    kinds: KINDS,
  });
  const out = await resolveOut(resolve(io.cwd, flags.out));
  const stateDir = stateDirOf({
    ...(settings.stateDir === undefined ? {} : { given: settings.stateDir }),
    from: definition.jobDir,
    cwd: io.cwd,
  });
  if (!(await isOfPlan(out, definition.planSha256))) await definition.checkQueries();
  makeStateDir(stateDir);
  const open = await openRunOf(out, settings);
  if (
    open !== undefined &&
    open.planSha256 === definition.planSha256 &&
    open.stateDir === stateDir
  ) {
    io.say(`found     the unfinished run ${open.runId} for this --out; going on with it`);
    const { runId, root } = open;
    return resumeRun({ runId, root, stateDir, settings, io, shownOut: flags.out });
  }

  await refuseForeign(out, flags.out);
  const runId = makeRunId(definition.plan.job, startedAt, Math.random());
  const { store, records } = await openRecords(stateDir, settings.store);
  const metrics = await openSessionMetrics(settings, stateDir, store, io);
  try {
    const lock = await lockOut(out, { runId, stateDir });
    if (lock.before !== undefined) io.say(takenOverLine(lock.before));
    await recoverDelivery(out);
    await refuseForeign(out, flags.out);
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
    await records.create({
      plan,
      jobPath: definition.jobPath,
      profilePath: definition.profilePath,
      params: flags.param ?? [],
      startedAtMs: startedAt.getTime(),
    });
    io.say(`run       ${runId} (${plan.job} with ${plan.profile}, ${plan.steps.length} steps)`);
    io.say(`state     ${stateDir}`);
    if (metrics.url !== undefined) io.say(`metrics   ${metrics.url}`);
    return await execute({
      plan,
      settings,
      stateDir,
      records,
      lock,
      metrics,
      io,
      shownOut: flags.out,
    });
  } catch (error) {
    await metrics.close();
    throw error;
  }
}

/**
 * The run that holds this `--out` and has not ended, if nobody may still drive it. What another user wrote there is
 * not followed.
 * @throws UserError OUT_BUSY
 */
async function openRunOf(
  out: string,
  { store }: Settings,
): Promise<{ runId: string; stateDir: string; root: string; planSha256: string } | undefined> {
  const owner = await readOwner(out);
  if (owner === undefined) return undefined;
  if (!owner.isFree) throw busy(out, owner);
  const { runId, stateDir } = owner;
  if (runId === undefined || stateDir === undefined) return undefined;
  const [found] = await listRuns(await lookAtRecords(stateDir, store), {
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
