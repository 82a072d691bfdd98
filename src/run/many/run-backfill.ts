/**
 * Begins a backfill, or goes on with one that was left, and drives it to its end: starts its workflow anew, makes the runs
 * that this orders, and closes its record. Which partitions are made is on record before the first run.
 */

import { dirname, resolve } from 'node:path';

import { refuseForPartitions, resolveOut } from '../../delivery/deliver.ts';
import { AT_MOST } from '../../model/backfill.ts';
import { UserError } from '../../model/errors.ts';
import { describeOwner, ownOwner } from '../../os/owner.ts';
import { chooseForBackfill } from './choose-for-backfill.ts';
import { resolveDefinition } from '../definitions/definition-source.ts';
import { explainRun } from '../one/explain.ts';
import { DefinitionError } from '../definitions/definition-error.ts';
import { beginMany, goOnWithMany } from './go-on-with-many.ts';
import { driverOfMany, openBackfills } from './many-records.ts';
import { namesIn } from '../one/record-refused.ts';
import { makeBackfillId } from '../run-id.ts';

import type { Choice } from '../../model/backfill.ts';
import type { ManyEnded } from './drive-many.ts';
import type { BackfillRecord } from './many-records.ts';
import type { BackfillReport, FindRuns } from './many-report.ts';
import type { Range } from './choose-for-backfill.ts';
import type { Parts } from '../parts.ts';
import type { RunControl } from '../control.ts';

export type BackfillRequest = Range & {
  /** Path of the job file. */
  readonly job: string;
  readonly profile?: string | undefined;
  /** `name=text` */
  readonly params?: readonly string[];
  /** Folder of all partitions. */
  readonly out: string;
  /** Default: missing and failed. */
  readonly choose?: readonly Choice[];
  /** Runs that go on at once. */
  readonly atMost?: number | undefined;
};

export type BackfillEnded = Omit<ManyEnded, 'report'> & { readonly report?: BackfillReport };

const DEFAULT_CHOICE: readonly Choice[] = ['missing', 'failed'];

/** Runs to the end, or until told to stop. @throws UserError */
export async function runBackfill(
  parts: Parts,
  request: BackfillRequest,
  control: RunControl,
  find: FindRuns,
): Promise<ManyEnded> {
  const { stateDir, cwd = process.cwd() } = parts.options;
  const out = await resolveOut(resolve(cwd, request.out));
  const backfills = openBackfills(stateDir);
  const open = (await backfills.list()).find((one) => one.state === 'open' && one.out === out);
  if (open !== undefined) {
    if (!isSame(open, request, cwd)) throw otherOpen(open, request.out);
    return goOnWithMany(parts, open, control, find, request.atMost);
  }

  const partitions = await choosePartitionsOf(parts, request, find);
  if (partitions.length === 0) return { state: 'nothing to make' };
  const asked = askedFor(request);
  const { job: name, profile: how } = await soundDefinition(parts, asked, partitions);
  await refuseForPartitions(out, name, request.out);
  const { choose = DEFAULT_CHOICE, from, to, profile, params = [], job } = request;
  const askedAt = new Date();
  const record: BackfillRecord = {
    format: 1,
    backfill_id: makeBackfillId(name, askedAt, Math.random()),
    job: name,
    profile: how,
    job_path: resolve(cwd, job),
    ...(profile === undefined ? {} : { given_profile: profile }),
    given_params: params,
    out,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    choose,
    at_most: request.atMost ?? AT_MOST,
    asked_at: askedAt.toISOString(),
    partitions,
    state: 'open',
    driver: ownOwner(),
  };
  return beginMany(parts, record, control, find);
}

/** The partitions that a new backfill would make. @throws UserError */
export async function choosePartitionsOf(
  parts: Parts,
  request: BackfillRequest,
  find: FindRuns,
): Promise<readonly string[]> {
  const { choose = DEFAULT_CHOICE, from, to } = request;
  return chooseForBackfill(
    askedFor(request),
    { from, to, choose },
    {
      options: parts.options,
      runs: (base) => find(({ out }) => out !== undefined && dirname(out) === base),
      explain: (one) => explainRun(parts, one, false),
    },
  );
}

function askedFor({ job, profile, params = [], out }: BackfillRequest) {
  return { job, params, out, ...(profile === undefined ? {} : { profile }) };
}

/** Whether a request means the backfill that is on record. How many go on at once is no part of it. */
function isSame(record: BackfillRecord, request: BackfillRequest, cwd: string): boolean {
  const { choose = DEFAULT_CHOICE, params = [] } = request;
  return (
    record.job_path === resolve(cwd, request.job) &&
    record.given_profile === request.profile &&
    record.from === request.from &&
    record.to === request.to &&
    JSON.stringify(record.given_params) === JSON.stringify(params) &&
    JSON.stringify(record.choose) === JSON.stringify(choose)
  );
}

function otherOpen(record: BackfillRecord, shownOut: string): UserError {
  const { backfill_id: id, driver } = record;
  if (driver !== undefined && driverOfMany(record) === 'alive') {
    const message = `backfill ${id} of ${shownOut} goes on in ${describeOwner(driver)}`;
    return new UserError('BACKFILL_OPEN', message, {
      hint: `Wait for it, or end it: builder_cli backfill cancel ${id}`,
    });
  }
  return new UserError(
    'BACKFILL_OPEN',
    `backfill ${id} of ${shownOut} was left, and asks for something else`,
    {
      hint: `Go on with it (builder_cli backfill resume ${id}), or end it (builder_cli backfill cancel ${id}).`,
    },
  );
}

/**
 * What job and profile are called, once they are known to be sound: a mistake in the files is told now, not by each run.
 * Inputs that are not there are their partition's own matter. @throws DefinitionError
 */
async function soundDefinition(
  { options }: Parts,
  asked: { readonly job: string; readonly profile?: string; readonly params: readonly string[] },
  partitions: readonly string[],
): Promise<{ readonly job: string; readonly profile: string }> {
  const { cwd = process.cwd() } = options;
  for (const partition of [partitions[0], partitions.at(-1)]) {
    try {
      const request = { ...asked, partition };
      const { plan, checkQueries } = await resolveDefinition(
        request,
        { atMs: Date.now() },
        options,
      );
      await checkQueries();
      return { job: plan.job, profile: plan.profile };
    } catch (error) {
      const isOfInputs =
        error instanceof DefinitionError &&
        error.problems.every(({ code }) => code === 'FILE_NOT_FOUND');
      if (!isOfInputs) throw error;
    }
  }
  const named = await namesIn(resolve(cwd, asked.job), asked.job);
  return { job: named.job, profile: asked.profile ?? named.profile };
}
