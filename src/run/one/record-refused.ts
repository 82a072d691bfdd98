/** A run that was ordered and cannot be begun: it is on record, listed, counted and alerted on like one that failed. */

import { join, resolve } from 'node:path';

import { problemLine } from '../../definition/render-problems.ts';
import { sourceOf } from '../../definition/source.ts';
import { child, textOf } from '../../definition/located.ts';
import { UserError } from '../../model/errors.ts';
import { failure, failureOf } from '../../model/failure.ts';
import { runOrder } from '../../model/order.ts';
import { dateIn } from '../../model/partition.ts';
import { closeRun } from './close-run.ts';
import { readDefinitionFile } from '../definitions/read-definition-file.ts';
import { readHooks } from '../definitions/read-hooks.ts';

import type { Failure } from '../../model/failure.ts';
import type { Plan } from '../../model/plan.ts';
import type { RunRecord } from '../../model/run-record.ts';
import type { RunSummary } from '../../model/run-summary.ts';
import type { RunOrder, StandingOrder } from '../../model/standing-order.ts';
import type { Parts } from '../parts.ts';
import type { Tell } from '../project-events.ts';

/** Runs that are looked at for one of the same order. */
const LOOKED_AT = 20;

/** The closed record of the run. */
export async function recordRefused(
  parts: Parts,
  { order, runId, partition, atMs }: RunOrder,
  error: unknown,
  tell: Tell,
): Promise<RunRecord> {
  const { cwd = process.cwd() } = parts.options;
  const startedAtMs = Date.now();
  const jobPath = resolve(cwd, order.job);
  const base = resolve(cwd, order.out);
  const named = await namesIn(jobPath, order.job);
  // The runs of a batch are of many jobs, each named in its order.
  const before = order.name === undefined ? await lastOf(parts, order) : undefined;
  const plan: Plan = {
    format: 1,
    // As it was called when it could be read: an alert ends only where it began.
    job: before?.job ?? order.name ?? named.job,
    profile: order.profile ?? (named.profile === '' ? before?.profile : named.profile) ?? '',
    params: {},
    ...(partition === undefined ? {} : { partition: { id: partition } }),
    concurrency: 1,
    onFailure: 'continue',
    budgets: {},
    steps: [],
    run: {
      id: runId,
      date: dateIn('UTC', atMs),
      generation: 1,
      out: partition === undefined ? base : join(base, partition),
      planSha256: '',
      deliverQueue: '',
      previousRows: {},
    },
  };
  const records = await parts.records();
  const { by, id } = order;
  await records.create({
    plan,
    jobPath,
    profilePath: order.profile ?? '',
    params: order.params ?? [],
    startedAtMs,
    orderedBy: { by, id },
  });
  const metrics = await parts.metrics(tell);
  const endedMs = Date.now();
  const durationMs = endedMs - startedAtMs;
  await metrics
    .sinks()
    .events.emit.fn(undefined, runOrder(plan), [
      { type: 'run_ended', atMs: endedMs, status: 'FAIL', durationMs },
    ]);
  const summary: RunSummary = { status: 'FAIL', outcomes: [], refusal: refusalOf(error) };
  const hooks = await readHooks(jobPath, cwd);
  return closeRun(parts, { plan, summary, hooks, endedAtMs: endedMs, elapsedMs: durationMs }, tell);
}

/** True for the record of a run that could not be begun: there is nothing to go on with. */
export function isRefused({ plan_sha256: planSha256 }: RunRecord): boolean {
  return planSha256 === '';
}

/** The first problem with its place, and how many more there are. */
function refusalOf(error: unknown): Failure {
  const told = failureOf(error, 'STEP_FAILED');
  const problems = error instanceof UserError ? error.problems : [];
  const [first] = problems;
  if (first === undefined) return { ...told, exitCode: 2 };
  const more = problems.length === 1 ? '' : ` (and ${problems.length - 1} more)`;
  // A record keeps one sentence: the hint is a part of it.
  return failure(first.code, `${problemLine(first)}${more}`, { exitCode: 2 });
}

/** The newest recorded run of the same order. */
async function lastOf(parts: Parts, order: StandingOrder): Promise<RunRecord | undefined> {
  const { by, id } = order;
  const records = await parts.records();
  const found = await records.list({
    limit: LOOKED_AT,
    where: (row) => row.id.startsWith(`${id}-`),
  });
  return found.find(({ ordered_by: of }) => of?.by === by && of.id === id);
}

/** What the job file says it is called, as far as it can be read: metrics and alerts know the job by that. */
export async function namesIn(
  path: string,
  shown: string,
): Promise<{ readonly job: string; readonly profile: string }> {
  const file = await readDefinitionFile(path, shown).catch(() => undefined);
  const root = file === undefined ? undefined : sourceOf(file).root;
  const fromPath = /([^/\\]+?)(\.ya?ml)?$/.exec(shown)?.[1] ?? shown;
  const name = textOf(child(root, 'job'));
  return { job: name ?? fromPath, profile: textOf(child(root, 'profile')) ?? '' };
}
