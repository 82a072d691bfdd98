/**
 * The library: a project is a state folder and what its runs have in common. It knows no terminal, no flags, no
 * environment and no signals, and never ends the process; several runs may go on in it at once.
 */

import { dirname } from 'node:path';

import { beginRun } from './one/begin-run.ts';
import { cancelRun } from './one/cancel.ts';
import { forgetJob } from './forget.ts';
import { giveUpRun } from './one/give-up.ts';
import { inferredColumns } from './definitions/inferred-columns.ts';
import { explainRun } from './one/explain.ts';
import { changesSince } from './journal.ts';
import { readLogs } from './one/logs.ts';
import { matchingRuns } from './one/matching-runs.ts';
import { makeParts } from './parts.ts';
import { choosePartitions, partitionMatrix } from './many/partitions.ts';
import { backfillsOf, batchesOf } from './many/project-many.ts';
import { prune } from './prune/prune.ts';
import { listRuns, lookAtRecords } from './records.ts';
import { resumeRun } from './one/resume-run.ts';
import { makeSchedules } from './schedules/schedules.ts';
import { serve } from './serve/serve.ts';
import { serveProject } from './serve/serve-project.ts';
import { validateDefinition } from './definitions/validate-definition.ts';
import { UserError } from '../model/errors.ts';

import type { RunRecord } from '../model/run-record.ts';
import type { RunRequest } from './one/begin-run.ts';
import type { RunControl } from './control.ts';
import type { DefinitionRequest, ResolvedDefinition } from './definitions/definition-source.ts';
import type { Explanation, ExplainRequest } from './one/explain.ts';
import type { InferredColumns } from './definitions/inferred-columns.ts';
import type { JournalChanges, JournalCursor } from './journal.ts';
import type { FindRuns } from './many/many-report.ts';
import type { RunFilter } from './one/matching-runs.ts';
import type { PartitionMatrix, PartitionsRequest } from './many/partitions.ts';
import type { RunEnded, Tell } from './project-events.ts';
import type { ProjectBackfills, ProjectBatches } from './many/project-many.ts';
import type { ProjectOptions } from './project-options.ts';
import type { PruneReport } from './prune/prune-report.ts';
import type { PruneRequest } from './prune/prune.ts';
import type { Schedules } from './schedules/schedules.ts';
import type { ServeRequest } from './serve/serve.ts';

/** How one run is listened to and stopped. */
export type RunOptions = {
  /** Told of this run, beside the project's own listener. */
  readonly onEvent?: Tell;
  /** Cancels the run: running steps are stopped, it ends CANCELLED. */
  readonly cancel?: AbortSignal;
  /** Leaves the run open, for `resume`: running steps are given back. */
  readonly suspend?: AbortSignal;
  /** Leave it to the workers of its service once it is begun: one that delivers records how it ended. */
  readonly detach?: boolean;
  /** As the project's own, for this run alone. */
  readonly linger?: 'auto' | number;
  /**
   * No other run goes on in this process meanwhile, so no attempt can get lost on its way to a worker: they need no
   * heartbeats with the embedded engine, and none is missed while the machine sleeps.
   */
  readonly alone?: boolean;
};

/** `Many` with what listens to a run and stops it left out where nothing does. */
type Optionally<Many extends { run: Method; resume: Method }> = Omit<Many, 'run' | 'resume'> & {
  run(request: Parameters<Many['run']>[0], options?: RunOptions): ReturnType<Many['run']>;
  resume(id: string, options?: RunOptions): ReturnType<Many['resume']>;
};
type Method = (...words: never[]) => unknown;

type ListOptions = NonNullable<Parameters<typeof listRuns>[1]>;

export type Project = {
  readonly stateDir: string;
  /** Runs to the end and delivers; or goes on with the unfinished run of the same plan and folder. @throws UserError */
  run(request: RunRequest, options?: RunOptions): Promise<RunEnded>;
  /** Goes on with a run after a crash, a failure, a cancel or a suspend. @throws UserError */
  resume(runId: string, options?: RunOptions): Promise<RunEnded>;
  /** What a run would reuse and what it would execute, and why. Starts nothing. @throws UserError */
  explain(request: ExplainRequest): Promise<Explanation>;
  /** The plan that a request means. @throws DefinitionError with every problem */
  validate(request: DefinitionRequest): Promise<ResolvedDefinition>;
  /** The columns of tables from outside with the types they are given now, of one step or of all. Starts nothing. @throws UserError */
  inferredColumns(
    request: DefinitionRequest,
    options?: { readonly step?: string | undefined },
  ): Promise<InferredColumns>;
  /** The ids that words such as `2026-10`, `latest` and `missing` mean; none for a job that is not cut. @throws UserError BAD_PARTITION */
  choosePartitions(
    request: PartitionsRequest,
    words: readonly string[],
  ): Promise<readonly string[]>;
  /** What there is of each partition of a job; with `stale`, also what would come out differently now. Starts nothing. @throws UserError */
  partitions(
    request: PartitionsRequest,
    options?: { readonly stale?: boolean },
  ): Promise<PartitionMatrix>;
  /** The runs of many partitions as one thing. */
  readonly backfills: Optionally<ProjectBackfills>;
  /** The runs of many jobs as one thing. */
  readonly batches: Optionally<ProjectBatches>;
  /** Recorded runs, newest first; with a filter those that it is true of. */
  runs(options?: RunFilter & { readonly limit?: number }): Promise<readonly RunRecord[]>;
  /** One recorded run. @throws UserError RUN_NOT_FOUND */
  status(runId: string): Promise<RunRecord>;
  /** Logs of a run by step. @throws UserError */
  logs(runId: string, step?: string): Promise<Readonly<Record<string, string>>>;
  /** All that the journal adds up to; with a cursor of this process what came behind it. For an exporter of one's own. */
  changes(cursor?: JournalCursor): Promise<JournalChanges>;
  /** Asks a run that is going on, in whatever process, to stop. @throws UserError */
  cancel(runId: string): Promise<void>;
  /** Closes an open run that nobody will resume: it ends CANCELLED. @throws UserError */
  giveUp(runId: string): Promise<RunRecord>;
  /** Ends the metrics and alerts of a job that is gone, until it runs again. @throws UserError JOB_NOT_FOUND */
  forget(job: string): Promise<void>;
  /** When the jobs of the project make themselves, in Temporal. */
  readonly schedules: Schedules;
  /** A worker for the task queue; with the embedded engine, that engine kept up. Until `stop`. @throws UserError */
  serve(request: ServeRequest): Promise<void>;
  /** Removes what nobody needs any more; beside runs that go on, whose own it leaves alone. @throws UserError */
  prune(request?: PruneRequest): Promise<PruneReport>;
  /** Waits for what goes on, then leaves engine and metrics port. */
  close(): Promise<void>;
};

/** Of runs that a schedule may have ordered: more than a person starts by hand between two of them. */
const LOOKED_AT = 20;

/** True for the form of the ids of scheduled runs: the job and the time. */
function mayBeOrderedFor(job: string, runId: string): boolean {
  return runId.startsWith(`${job}-`) && /^\d{8}-\d{6}/.test(runId.slice(job.length + 1));
}

/** Opens a project. Nothing is created or started before it is needed. */
export function openProject(options: ProjectOptions): Project {
  const parts = makeParts(options);
  const { stateDir, onEvent } = options;
  const tell: Tell = (event) => onEvent?.(event);
  const goingOn = new Set<Promise<unknown>>();
  const during = <T>(work: Promise<T>): Promise<T> => {
    goingOn.add(work);
    const done = (): void => void goingOn.delete(work);
    work.then(done, done);
    return work;
  };
  const controlOf = ({
    onEvent: own,
    cancel,
    suspend,
    detach,
    linger,
    alone,
  }: RunOptions): RunControl => ({
    tell: (event) => {
      tell(event);
      own?.(event);
    },
    cancel,
    suspend,
    detach,
    linger,
    heartbeats: alone !== true,
  });
  const recorded = async (list: ListOptions): ReturnType<typeof listRuns> => {
    const { store } = options;
    if (typeof store !== 'object') return listRuns(await lookAtRecords(stateDir, store), list);
    const records = await parts.records();
    return listRuns([{ root: parts.storeRoot, store, records }], list);
  };
  const validate = async (request: DefinitionRequest): Promise<ResolvedDefinition> =>
    validateDefinition(request, options);
  const status = async (runId: string): Promise<RunRecord> => {
    const [found] = await recorded({ limit: 1, where: ({ id }) => id === runId });
    if (found !== undefined) return found.record;
    throw new UserError('RUN_NOT_FOUND', `run ${runId} is not recorded in ${stateDir}`);
  };
  const find: FindRuns = async (where) => (await recorded({ where })).map(({ record }) => record);
  const backfills = backfillsOf(parts, find);
  const batches = batchesOf(parts, find);
  return {
    stateDir,
    backfills: {
      ...backfills,
      run: (request, run = {}) => during(backfills.run(request, controlOf(run))),
      resume: (id, run = {}) => during(backfills.resume(id, controlOf(run))),
    },
    batches: {
      ...batches,
      run: (request, run = {}) => during(batches.run(request, controlOf(run))),
      resume: (id, run = {}) => during(batches.resume(id, controlOf(run))),
    },
    run: (request, run = {}) => during(beginRun(parts, request, controlOf(run))),
    resume: (runId, run = {}) => during(resumeRun(parts, { runId }, controlOf(run))),
    explain: async (request) => explainRun(parts, request),
    validate,
    inferredColumns: async (request, { step } = {}) => {
      const { plan } = await validate(request);
      return inferredColumns(plan, { kinds: options.kinds, store: await parts.look(), step });
    },
    choosePartitions: (request, words) => choosePartitions(request, words, options),
    partitions: async (request, { stale = true } = {}) =>
      partitionMatrix(request, {
        options,
        runs: async (base) => {
          const found = await recorded({
            where: ({ out }) => out !== undefined && dirname(out) === base,
          });
          return found.map(({ record }) => record);
        },
        ...(stale ? { explain: (one: ExplainRequest) => explainRun(parts, one, false) } : {}),
      }),
    runs: async ({ limit, ...filter } = {}) =>
      matchingRuns(
        async (list) => (await recorded(list)).map(({ record }) => record),
        filter,
        limit,
      ),
    status,
    logs: async (runId, step) => {
      const record = await status(runId);
      return readLogs(parts.folder(runId), record, step, (await parts.look()).logs);
    },
    changes: (cursor) => changesSince(parts, cursor),
    cancel: async (runId) => cancelRun(parts, await status(runId)),
    giveUp: (runId) => during(giveUpRun(parts, runId, tell)),
    forget: (job) => forgetJob(parts, job),
    schedules: makeSchedules(parts, tell, async (job) => {
      const found = await recorded({
        limit: LOOKED_AT,
        where: ({ id }) => mayBeOrderedFor(job, id),
      });
      return found.map(({ record }) => record);
    }),
    serve: (request) =>
      during(
        request.orders === true ? serveProject(parts, request, tell) : serve(parts, request, tell),
      ),
    prune: (request = {}) => during(prune(parts, request, tell)),
    close: async () => {
      await Promise.allSettled(goingOn);
      await parts.close();
    },
  };
}
