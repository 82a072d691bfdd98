/**
 * Records of runs, as the journal's entries make them, and the folder beside them with plan and logs.
 *
 * 1. The journal is the record. `run.json` in the run's folder is a copy for people, written at start and end,
 *    and never read as a record.
 * 2. The plan is on disk before the run is on record.
 */

import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { UserError } from '../model/errors.ts';
import { isGoodStatus } from '../model/hook-message.ts';
import { failureMessage } from '../model/failure-message.ts';
import { stepRecordOf } from '../model/run-record.ts';
import { replaceFile } from '../os/atomic.ts';
import { isOwn, ownOwner, stateOf } from '../os/owner.ts';
import { isAtHome, makeStateId, readStateId } from './state-id.ts';

import type { Inside, RunEvent } from '../model/events.ts';
import type { Plan } from '../model/plan.ts';
import type { RunRecord, StepRecord } from '../model/run-record.ts';
import type { RunSummary } from '../model/run-summary.ts';
import type { OrderedBy } from '../model/standing-order.ts';
import type { OldOwner, OwnerState } from '../os/owner.ts';
import type { RunEntry } from './entries.ts';
import type { RunRow } from './folds/runs.ts';
import type { RunJournal } from './store.ts';

export type RunRecords = {
  folder(runId: string): string;
  create(about: {
    readonly plan: Plan;
    readonly jobPath: string;
    readonly profilePath: string;
    readonly params: readonly string[];
    readonly startedAtMs: number;
    /** Absent: somebody asked for this run alone. */
    readonly orderedBy?: OrderedBy | undefined;
  }): Promise<RunRecord>;
  read(runId: string): Promise<RunRecord | undefined>;
  /** The plan as the run's latest start saved it. */
  readPlan(runId: string): Promise<Plan>;
  update(runId: string, patch: Partial<RunRecord>): Promise<RunRecord>;
  /** Opens a record again for this process, with the plan it goes on with. @throws UserError OUT_BUSY if another was first */
  reopen(runId: string, plan: Plan): Promise<RunRecord>;
  /** Makes this process the driver of the latest start, whose workflow goes on as it is. */
  drive(runId: string): Promise<void>;
  /** Says that this process drives an open run no more. */
  letGo(runId: string): Promise<void>;
  /** For a run whose workflow another process serves: writes down what is heard of it. Never throws. */
  noteEvent(runId: string, event: RunEvent): void;
  close(runId: string, summary: RunSummary): Promise<RunRecord>;
  /** The runs of this state folder that `where` accepts, newest first. */
  list(options?: {
    readonly limit?: number;
    readonly where?: (row: RunRow) => boolean;
  }): Promise<readonly RunRecord[]>;
};

/** Stands for the start of the process that has let go of a run: no process has this one. */
const LET_GO = 'released';
/** The exporter of what is counted in another store, if anywhere. No exporter has this name. */
const COUNTED_ELSEWHERE = 'elsewhere';

/**
 * The records of a state folder. `shared`: the store is not its own, so each record names the folder.
 * Nothing is created until a run is.
 */
export function openRunRecords(
  stateDir: string,
  store: Pick<RunJournal, 'append' | 'run' | 'runs'>,
  { shared = false }: { readonly shared?: boolean } = {},
): RunRecords {
  const folder = (runId: string): string => join(stateDir, 'runs', runId);
  /** Starts that this process made, by run. */
  const started = new Map<string, number>();

  const current = async (runId: string): Promise<RunRecord> => {
    const record = await store.run(runId);
    if (record === undefined) throw pruned(runId);
    return record;
  };
  /** A copy that cannot be written is missed by people alone. */
  const copy = (record: RunRecord): Promise<void> =>
    replaceFile(
      join(folder(record.run_id), 'run.json'),
      `${JSON.stringify(record, null, 2)}\n`,
    ).catch(() => undefined);
  const savePlan = (plan: Plan): Promise<void> =>
    replaceFile(join(folder(plan.run.id), 'plan.json'), `${JSON.stringify(plan, null, 2)}\n`, {
      sync: true,
    });
  const start = async (plan: Plan, record: RunRecord): Promise<RunRecord> => {
    await mkdir(folder(plan.run.id), { recursive: true });
    await savePlan(plan);
    const { generation } = plan.run;
    const entry: RunEntry = { ...aboutOf(record, generation), type: 'start', record };
    const [verdict] = await store.append([entry], { sync: true });
    if (verdict?.won !== true) {
      if ((await store.run(plan.run.id)) === undefined) throw pruned(plan.run.id);
      throw new UserError('OUT_BUSY', `another process goes on with run ${plan.run.id}`);
    }
    started.set(plan.run.id, generation);
    await copy(record);
    return record;
  };
  /** Appends as the start that this process made. @throws UserError FENCED if there was a later one */
  const say = async (
    record: RunRecord,
    entryOf: (about: ReturnType<typeof aboutOf>) => RunEntry,
    options: { readonly sync?: boolean } = {},
  ): Promise<void> => {
    const { run_id: runId } = record;
    const about = aboutOf(record, started.get(runId) ?? record.generation);
    const [verdict] = await store.append([entryOf(about)], options);
    if (verdict !== undefined && 'fenced' in verdict) throw fenced(runId);
  };

  return {
    folder,
    read: async (runId) => store.run(runId),
    create: async ({ plan, jobPath, profilePath, params, startedAtMs, orderedBy }) => {
      return start(plan, {
        run_id: plan.run.id,
        job: plan.job,
        profile: plan.profile,
        ...(plan.partition === undefined ? {} : { partition: plan.partition.id }),
        ...(plan.only === undefined ? {} : { only: plan.only }),
        status: 'RUNNING',
        state: 'open',
        ...(plan.run.out === undefined ? {} : { out: plan.run.out }),
        plan_sha256: plan.run.planSha256,
        params: plan.params,
        started_at: new Date(startedAtMs).toISOString(),
        steps: waiting(plan),
        ...ownDriver(),
        generation: plan.run.generation,
        job_path: jobPath,
        profile_path: profilePath,
        given_params: params,
        ...(orderedBy === undefined ? {} : { ordered_by: orderedBy }),
        ...(shared ? { state_dir: stateDir, state_id: await makeStateId(stateDir) } : {}),
      });
    },
    readPlan: async (runId) =>
      JSON.parse(await readFile(join(folder(runId), 'plan.json'), 'utf8')) as Plan,
    update: async (runId, patch) => {
      const record = await current(runId);
      await say(record, (about) => ({ ...about, type: 'note', patch }));
      return current(runId);
    },
    reopen: async (runId, plan) => {
      const { finished_at: _, error: __, detached: ___, ...rest } = await current(runId);
      const endedBadly =
        rest.state === 'closed' && !isGoodStatus(rest.status) && rest.status !== 'CANCELLED';
      return start(plan, {
        ...rest,
        ...(endedBadly ? { failed_before: true } : {}),
        state: 'open',
        status: 'RUNNING',
        ...ownDriver(),
        plan_sha256: plan.run.planSha256,
        params: plan.params,
        generation: plan.run.generation,
        steps: waiting(plan),
      });
    },
    drive: async (runId) => {
      const patch = ownDriver();
      await say(await current(runId), (about) => ({ ...about, type: 'note', patch }));
    },
    letGo: async (runId) => {
      const record = await current(runId);
      // The pid stays, for people. One that goes on with it meanwhile keeps it.
      const patch = { pid_born: LET_GO };
      if (record.state === 'open' && isOwn(driverOf(record)))
        await say(record, (about) => ({ ...about, type: 'note', patch }));
      started.delete(runId);
    },
    noteEvent: (runId, event) => {
      const note = async (): Promise<void> => {
        const record = await store.run(runId);
        if (record?.state !== 'open') return;
        const { inside = {} } = event as { readonly inside?: Partial<Inside> };
        const generation = started.get(runId) ?? record.generation;
        const about = { ...aboutOf(record, generation, event.atMs), ...inside };
        if (event.type === 'step_started') {
          const { step, attempt } = event;
          await store.append([{ ...about, type: 'step', step, attempt }]);
        } else if (event.type === 'step_ended') {
          // Its worker counts it, in the store that it has.
          const exporter = COUNTED_ELSEWHERE;
          await store.append([{ ...about, type: 'outcome', outcome: event.outcome, exporter }]);
        }
      };
      void note().catch(() => undefined);
    },
    close: async (runId, summary) => {
      const record = await current(runId);
      const { status, outcomes } = summary;
      const isGood = status === 'OK' || status === 'WARN';
      const error = isGood ? {} : { error: failureMessage(summary) };
      await say(record, (about) => ({ ...about, type: 'closed', status, outcomes, ...error }), {
        sync: true,
      });
      const closed = await store.run(runId);
      if (closed !== undefined) await copy(closed);
      started.delete(runId);
      // Pruned in the very moment it had ended: that is no fault of the run.
      return (
        closed ?? {
          ...record,
          ...error,
          state: 'closed',
          status,
          steps: outcomes.map(stepRecordOf),
          finished_at: new Date().toISOString(),
        }
      );
    },
    list: async ({ limit, where = () => true } = {}) => {
      const here = shared
        ? { dir: stateDir, id: await readStateId(stateDir) }
        : { dir: undefined, id: undefined };
      return store.runs({
        ...(limit === undefined ? {} : { limit }),
        where: (row) => isAtHome({ dir: row.stateDir, id: row.stateId }, here) && where(row),
      });
    },
  };
}

/** The process that drives an open run. */
export function driverOf(record: Pick<RunRecord, 'pid' | 'pid_born' | 'pid_place'>): OldOwner {
  return { pid: record.pid, born: record.pid_born, ...record.pid_place };
}

/** Whether a process drives an open run, as far as it can be known here: who has let go of it said so himself. */
export function driverState(record: Pick<RunRecord, 'pid' | 'pid_born' | 'pid_place'>): OwnerState {
  return record.pid_born === LET_GO ? 'dead' : stateOf(driverOf(record));
}

function ownDriver(): Pick<RunRecord, 'pid' | 'pid_born' | 'pid_place'> {
  const { pid, born, ...place } = ownOwner();
  return { pid, pid_born: born, pid_place: place };
}

function pruned(runId: string): UserError {
  return new UserError('RUN_NOT_FOUND', `run ${runId} is not on record any more; it was pruned`, {
    hint: 'Start a new run with run-profile.',
  });
}

function fenced(runId: string): UserError {
  return new UserError(
    'FENCED',
    `run ${runId} was taken over by another command while this one did not answer; this one writes nothing more`,
    { exitCode: 1, hint: `\`builder_cli status ${runId}\` shows how it goes on.` },
  );
}

function aboutOf({ run_id, job, profile }: RunRecord, generation: number, atMs = Date.now()) {
  return { runId: run_id, generation, job, profile, atMs };
}

function waiting({ steps }: Pick<Plan, 'steps'>): readonly StepRecord[] {
  return steps.map(({ id, kind, nested, foreach }) => ({
    id,
    kind,
    status: 'WAITING',
    attempts: 0,
    // Of one for each of many items there are as many as items, and the step tells of those.
    ...(nested === undefined || foreach !== undefined ? {} : { steps: waiting(nested) }),
  }));
}
