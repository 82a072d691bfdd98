/** `resume`: goes on with a run under its own id; every finished step is kept, whatever happened to the engine. */

import { resolve } from 'node:path';

import { KINDS } from '../../kinds/index.ts';
import { recoverDelivery } from '../../delivery/deliver.ts';
import { UserError } from '../../model/errors.ts';
import { describeOwner } from '../../os/owner.ts';
import { lockOut, takenOverLine } from '../../delivery/folder/out-lock.ts';
import { openRecords } from '../../run/records.ts';
import { driverOf, driverState } from '../../store/run-records.ts';
import { loadDefinition } from '../../run/load-definition.ts';
import { execute } from '../run/execute.ts';
import { findRun } from '../run/find-run.ts';
import { openSessionMetrics } from '../run/session.ts';

import type { Plan } from '../../model/plan.ts';
import type { RunRecord } from '../../model/run-record.ts';
import type { Io } from '../io.ts';
import type { GlobalFlags, Settings } from '../settings.ts';

export type ResumeFlags = GlobalFlags & { readonly out?: string };

/** Goes on with the run of `--out`, or of the given id. Answers the exit code. @throws UserError */
export async function resumeCommand(
  flags: ResumeFlags,
  settings: Settings,
  io: Io,
  runId?: string,
): Promise<number> {
  if (runId === undefined && flags.out === undefined) {
    throw new UserError('BAD_USAGE', 'resume needs a run id or --out', {
      hint: '`builder_cli runs` lists the runs.',
    });
  }
  const found = await findRun(
    { ...flags, ...(runId === undefined ? {} : { runId }) },
    settings,
    io,
  );
  return resumeRun({
    runId: found.record.run_id,
    stateDir: found.stateDir,
    root: found.root,
    settings,
    io,
    ...(flags.out === undefined ? {} : { shownOut: flags.out }),
  });
}

/** Goes on with a recorded run. @throws UserError NOTHING_TO_RESUME, OUT_BUSY */
export async function resumeRun(options: {
  readonly runId: string;
  readonly stateDir: string;
  /** The store it is recorded in. */
  readonly root: string;
  readonly settings: Settings;
  readonly io: Io;
  readonly shownOut?: string;
}): Promise<number> {
  const { runId, stateDir, root, settings, io } = options;
  const { store, records } = await openRecords(stateDir, root);
  const record = await records.read(runId);
  if (record === undefined) {
    throw new UserError('RUN_NOT_FOUND', `run ${runId} is not recorded in ${stateDir}`);
  }
  const saved = await records.readPlan(runId);
  const out = saved.run.out;
  if (record.state === 'open') refuseIfDriven(record, out);
  if (record.state === 'closed' && (record.status === 'OK' || record.status === 'WARN')) {
    if (out !== undefined) await recoverDelivery(out);
    throw new UserError(
      'NOTHING_TO_RESUME',
      `run ${runId} ended ${record.status}; nothing is left to do`,
      {
        hint: 'Start a new run with run-profile.',
      },
    );
  }
  const { plan: body, planSha256 } = await currentDefinition(record, saved, io);
  const metrics = await openSessionMetrics(settings, stateDir, store, io);
  try {
    const lock = out === undefined ? undefined : await lockOut(out, { runId, stateDir });
    if (lock?.before !== undefined) io.say(takenOverLine(lock.before));
    const plan: Plan = {
      ...body,
      run: {
        ...saved.run,
        planSha256,
        generation: record.generation + 1,
        ...(lock === undefined ? {} : { outToken: lock.token }),
      },
    };
    if (out !== undefined) await recoverDelivery(out);
    await records.reopen(runId, plan);
    io.say(`resume    ${runId} (${plan.job} with ${plan.profile}, ${plan.steps.length} steps)`);
    io.say(`state     ${stateDir}`);
    if (metrics.url !== undefined) io.say(`metrics   ${metrics.url}`);
    const shownOut = options.shownOut ?? out;
    return await execute({
      plan,
      settings,
      stateDir,
      records,
      lock,
      metrics,
      io,
      ...(shownOut === undefined ? {} : { shownOut }),
      reattach: record.state === 'open' && planSha256 === record.plan_sha256,
    });
  } catch (error) {
    await metrics.close();
    throw error;
  }
}

/**
 * A driver that cannot be seen from here holds the lease of `--out`, which tells whether it lives; a run without one
 * has only its word.
 */
function refuseIfDriven(record: RunRecord, out: string | undefined): void {
  const state = driverState(record);
  const run = `run ${record.run_id}`;
  if (state === 'alive') {
    throw new UserError('OUT_BUSY', `${run} is going on in process ${record.pid}`);
  }
  if (state === 'unknown' && out === undefined) {
    const where = describeOwner(driverOf(record));
    throw new UserError('OUT_BUSY', `${run} is held by ${where}, which cannot be seen from here`);
  }
}

/** The definition as its files say now, so that a mended step is used; the saved plan where they are gone. */
async function currentDefinition(
  record: RunRecord,
  saved: Plan,
  io: Io,
): Promise<{ plan: Omit<Plan, 'run'>; planSha256: string }> {
  try {
    const definition = await loadDefinition({
      jobPath: record.job_path,
      profile: record.profile_path,
      params: record.given_params,
      date: saved.run.date,
      cwd: resolve(io.cwd),
      kinds: KINDS,
    });
    if (definition.planSha256 !== record.plan_sha256) {
      io.say(
        'changed   the definition is not the one this run began with; changed steps are run again',
      );
    }
    return definition;
  } catch (error) {
    if (
      !(error instanceof UserError) ||
      error.code !== 'FILE_NOT_FOUND' ||
      error.problems.length > 0
    ) {
      throw error;
    }
    io.say('note      the definition files are gone; going on with the plan as it was saved');
    return { plan: saved, planSha256: saved.run.planSha256 };
  }
}
