/**
 * Begins a batch, or goes on with one that was left: a run of each of many jobs, or of partitions of them. Which runs that
 * are is on record before the first one; a job that is broken is one that fails, and stops no other.
 */

import { join, relative, resolve } from 'node:path';

import { expandGlobs, literalFolder } from '../../activities/expand-globs.ts';
import { resolveOut } from '../../delivery/deliver.ts';
import { AT_MOST } from '../../model/backfill.ts';
import { UserError } from '../../model/errors.ts';
import { StepError } from '../../model/step-error.ts';
import { ownOwner } from '../../os/owner.ts';
import { BATCH, beginMany, goOnWithMany } from './go-on-with-many.ts';
import { openBatches } from './many-records.ts';
import { ownOut } from './own-out.ts';
import { choosePartitions, readCut } from './partitions.ts';
import { makeBackfillId } from '../run-id.ts';

import type { RunControl } from '../control.ts';
import type { ManyEnded } from './drive-many.ts';
import type { BatchItem, BatchRecord } from './many-records.ts';
import type { BatchReport, FindRuns } from './many-report.ts';
import type { Parts } from '../parts.ts';

export type BatchRequest = {
  /** Paths and globs of job files. */
  readonly jobs: readonly string[];
  /** For all of them; default: the one that each job names. */
  readonly profile?: string | undefined;
  /** `name=text`, for all of them. */
  readonly params?: readonly string[];
  /** Folder of a folder for each job; default: each job's own, which is that of its schedule, or `out/<job>` in the project. */
  readonly out?: string | undefined;
  /** Ids and words for jobs that are cut; default: the latest. */
  readonly partitions?: readonly string[];
  /** Runs that go on at once. */
  readonly atMost?: number | undefined;
};

export type BatchEnded = Omit<ManyEnded, 'report'> & { readonly report?: BatchReport };

/** Runs to the end, or until told to stop. @throws UserError */
export async function runBatch(
  parts: Parts,
  request: BatchRequest,
  control: RunControl,
  find: FindRuns,
): Promise<ManyEnded> {
  const { stateDir, cwd = process.cwd() } = parts.options;
  const paths = await jobPathsOf(request.jobs, cwd);
  const asked = {
    job_paths: paths,
    ...(request.profile === undefined ? {} : { given_profile: request.profile }),
    given_params: request.params ?? [],
    ...(request.out === undefined ? {} : { given_out: resolve(cwd, request.out) }),
    given_partitions: request.partitions ?? [],
  };
  const all = await openBatches(stateDir).list();
  const open = all.find((one) => one.state === 'open' && isSame(one, asked));
  if (open !== undefined) return goOnWithMany(parts, open, control, find, request.atMost);
  const items = await itemsOf(parts, request, paths);
  if (items.length === 0) return { state: 'nothing to make' };
  const askedAt = new Date();
  const record: BatchRecord = {
    format: 1,
    batch_id: makeBackfillId(BATCH, askedAt, Math.random()),
    ...asked,
    at_most: request.atMost ?? AT_MOST,
    asked_at: askedAt.toISOString(),
    items,
    state: 'open',
    driver: ownOwner(),
  };
  return beginMany(parts, record, control, find);
}

/** The runs that a new batch would make. @throws UserError */
export async function chooseForBatch(
  parts: Parts,
  request: BatchRequest,
): Promise<readonly BatchItem[]> {
  const { cwd = process.cwd() } = parts.options;
  return itemsOf(parts, request, await jobPathsOf(request.jobs, cwd));
}

/** The job files that paths and globs mean: absolute and sorted, each once. @throws UserError FILE_NOT_FOUND */
export async function jobPathsOf(jobs: readonly string[], cwd: string): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const job of jobs) {
    const pattern = job.startsWith('/') ? job : join(literalFolder(cwd), job);
    const files = await expandGlobs([pattern]).catch((error: unknown) => {
      if (!(error instanceof StepError)) throw error;
      throw new UserError('FILE_NOT_FOUND', `--job ${job}: ${error.message}`);
    });
    for (const { path } of files) found.add(path);
  }
  return [...found].toSorted();
}

async function itemsOf(
  { options }: Parts,
  request: BatchRequest,
  paths: readonly string[],
): Promise<readonly BatchItem[]> {
  const { cwd = process.cwd() } = options;
  const byName = new Map<string, string>();
  const items: BatchItem[] = [];
  for (const path of paths) {
    const own = await ownOut(path, cwd);
    const shown = relative(cwd, path);
    const other = byName.get(own.job);
    if (other !== undefined) {
      const message = `${other} and ${shown} are both of a job '${own.job}'`;
      throw new UserError('BAD_USAGE', message, { hint: 'The name of a job is one file’s.' });
    }
    byName.set(own.job, shown);
    const { out: given } = request;
    const out = await resolveOut(given === undefined ? own.out : resolve(cwd, given, own.job));
    const item = { job: own.job, job_path: path, out };
    const chosen = await partitionsOf(item, request.partitions ?? [], cwd);
    items.push(...(chosen?.map((partition) => ({ ...item, partition })) ?? [item]));
  }
  return items;
}

/** Undefined: the job is made as a whole, or says itself why it cannot be. */
async function partitionsOf(
  { job_path: job, out }: BatchItem,
  words: readonly string[],
  cwd: string,
): Promise<readonly string[] | undefined> {
  const request = { job, out };
  if ((await readCut(request, { cwd })) === undefined) return undefined;
  const choose = (some: readonly string[]): Promise<readonly string[] | undefined> =>
    choosePartitions(request, some, { cwd }).catch((error: unknown) => {
      if (error instanceof UserError) return undefined;
      throw error;
    });
  if (words.length === 0) {
    const latest = (await choose([])) ?? [];
    return latest.length === 0 ? undefined : latest;
  }
  const wrong: string[] = [];
  for (const word of words) if ((await choose([word])) === undefined) wrong.push(word);
  const right = words.filter((word) => !wrong.includes(word));
  const chosen = right.length === 0 ? [] : ((await choose(right)) ?? []);
  // What is no partition ends a run with that very mistake.
  return [...chosen, ...wrong];
}

function isSame(record: BatchRecord, asked: Partial<BatchRecord>): boolean {
  return (
    ['job_paths', 'given_profile', 'given_params', 'given_out', 'given_partitions'] as const
  ).every((key) => JSON.stringify(record[key]) === JSON.stringify(asked[key]));
}
