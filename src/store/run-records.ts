/** Records of runs: `<state dir>/runs/<run id>/run.json` and the plan beside it. Always whole, never required by the engine. */

import { mkdir, readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { UserError } from '../model/errors.ts';
import { failureMessage } from '../model/failure-message.ts';
import { stepRecordOf } from '../model/run-record.ts';
import { replaceFile } from '../os/atomic.ts';
import { ownOwner, stateOf } from '../os/owner.ts';

import type { RunEvent } from '../model/events.ts';
import type { Plan } from '../model/plan.ts';
import type { RunRecord, StepRecord } from '../model/run-record.ts';
import type { RunSummary } from '../model/run-summary.ts';
import type { OldOwner, OwnerState } from '../os/owner.ts';

export type RunRecords = {
  folder(runId: string): string;
  create(about: {
    readonly plan: Plan;
    readonly jobPath: string;
    readonly profilePath: string;
    readonly params: readonly string[];
    readonly startedAtMs: number;
  }): Promise<RunRecord>;
  read(runId: string): Promise<RunRecord | undefined>;
  /** The plan as the run's latest start saved it. */
  readPlan(runId: string): Promise<Plan>;
  update(runId: string, patch: Partial<RunRecord>): Promise<RunRecord>;
  /** Makes a record open again for this process, with the plan it goes on with. */
  reopen(runId: string, plan: Plan): Promise<RunRecord>;
  /** Says that this process drives an open run no more. */
  letGo(runId: string): Promise<void>;
  /** Folds an event in; writes soon. Never throws. */
  noteEvent(runId: string, event: RunEvent): void;
  close(runId: string, summary: RunSummary): Promise<RunRecord>;
  /** Newest first; `damaged` are paths of records that cannot be read. */
  list(): Promise<{ readonly records: readonly RunRecord[]; readonly damaged: readonly string[] }>;
};

const WRITE_EVERY_MS = 200;

/** The records of a state folder. Nothing is created until a run is. */
export function openRunRecords(stateDir: string): RunRecords {
  const folder = (runId: string): string => join(stateDir, 'runs', runId);
  const file = (runId: string): string => join(folder(runId), 'run.json');
  /** Records this process changes, newest content first in memory. */
  const held = new Map<string, RunRecord>();
  const writes = new Map<string, Promise<void>>();
  const timers = new Map<string, NodeJS.Timeout>();

  const write = async (record: RunRecord, { sync = false } = {}): Promise<void> => {
    held.set(record.run_id, record);
    const before = writes.get(record.run_id) ?? Promise.resolve();
    const next = before
      .catch(() => undefined)
      .then(async () => {
        const there = await read(record.run_id).catch(() => undefined);
        if ((there?.generation ?? 0) > record.generation) throw fenced(record.run_id);
        await replaceFile(file(record.run_id), `${JSON.stringify(record, null, 2)}\n`, { sync });
      });
    writes.set(record.run_id, next);
    await next;
  };
  const read = async (runId: string): Promise<RunRecord | undefined> => {
    if (['', '.', '..'].includes(runId) || basename(runId) !== runId) return undefined;
    const text = await readFile(file(runId), 'utf8').catch(() => undefined);
    return text === undefined ? undefined : parseRecord(text, file(runId));
  };
  const current = async (runId: string): Promise<RunRecord> => {
    const record = held.get(runId) ?? (await read(runId));
    if (record === undefined) throw new Error(`run ${runId} has no record`);
    return record;
  };
  const savePlan = (plan: Plan): Promise<void> =>
    replaceFile(join(folder(plan.run.id), 'plan.json'), `${JSON.stringify(plan, null, 2)}\n`, {
      sync: true,
    });
  /** What no longer changes here is not kept: a process may live long. */
  const forget = (runId: string): void => {
    clearTimeout(timers.get(runId));
    timers.delete(runId);
    held.delete(runId);
    writes.delete(runId);
  };
  const flushSoon = (runId: string): void => {
    if (timers.has(runId)) return;
    // It holds the process: one that is told to leave its run open does not go before this is written.
    const timer = setTimeout(() => {
      timers.delete(runId);
      const record = held.get(runId);
      if (record !== undefined) void write(record).catch(() => undefined);
    }, WRITE_EVERY_MS);
    timers.set(runId, timer);
  };

  return {
    folder,
    read,
    create: async ({ plan, jobPath, profilePath, params, startedAtMs }) => {
      const record: RunRecord = {
        run_id: plan.run.id,
        job: plan.job,
        profile: plan.profile,
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
      };
      await mkdir(folder(plan.run.id), { recursive: true });
      await savePlan(plan);
      await write(record, { sync: true });
      return record;
    },
    readPlan: async (runId) =>
      JSON.parse(await readFile(join(folder(runId), 'plan.json'), 'utf8')) as Plan,
    update: async (runId, patch) => {
      const before = await current(runId);
      // What was noted while it was read is kept.
      const record = { ...(held.get(runId) ?? before), ...patch };
      await write(record);
      return record;
    },
    reopen: async (runId, plan) => {
      const { finished_at: _, error: __, ...rest } = await current(runId);
      await savePlan(plan);
      const record: RunRecord = {
        ...rest,
        state: 'open',
        status: 'RUNNING',
        ...ownDriver(),
        plan_sha256: plan.run.planSha256,
        params: plan.params,
        generation: plan.run.generation,
        steps: waiting(plan),
      };
      await write(record);
      return record;
    },
    letGo: async (runId) => {
      const before = await current(runId);
      // The pid stays, for people; no process has this start.
      if (before.state === 'open') await write({ ...before, pid_born: 'released' });
      forget(runId);
    },
    noteEvent: (runId, event) => {
      const record = held.get(runId);
      if (record === undefined || record.state === 'closed') return;
      held.set(runId, { ...record, steps: record.steps.map((step) => noted(step, event)) });
      flushSoon(runId);
    },
    close: async (runId, summary) => {
      const before = await current(runId);
      const byStep = new Map(summary.outcomes.map((o) => [o.step, o]));
      const delivered = summary.status === 'OK' || summary.status === 'WARN';
      const record: RunRecord = {
        ...before,
        state: 'closed',
        status: summary.status,
        finished_at: new Date().toISOString(),
        steps: before.steps.map((step) => {
          const outcome = byStep.get(step.id);
          return outcome === undefined ? endedWithRun(step) : stepRecordOf(outcome);
        }),
        ...(delivered ? {} : { error: failureMessage(summary) }),
      };
      await write(record, { sync: true });
      forget(runId);
      return record;
    },
    list: async () => {
      const names = await readdir(join(stateDir, 'runs')).catch(() => []);
      const records: RunRecord[] = [];
      const damaged: string[] = [];
      for (const name of names) {
        const record = await read(name).catch(() => undefined);
        if (record?.run_id === undefined) damaged.push(file(name));
        else records.push(record);
      }
      records.sort((a, b) => b.started_at.localeCompare(a.started_at));
      return { records, damaged };
    },
  };
}

/** The process that drives an open run. */
export function driverOf(record: Pick<RunRecord, 'pid' | 'pid_born' | 'pid_place'>): OldOwner {
  return { pid: record.pid, born: record.pid_born, ...record.pid_place };
}

/** Whether the process that drives an open run lives, as far as it can be known here. */
export function driverState(record: Pick<RunRecord, 'pid' | 'pid_born' | 'pid_place'>): OwnerState {
  return stateOf(driverOf(record));
}

function ownDriver(): Pick<RunRecord, 'pid' | 'pid_born' | 'pid_place'> {
  const { pid, born, ...place } = ownOwner();
  return { pid, pid_born: born, pid_place: place };
}

function fenced(runId: string): UserError {
  return new UserError(
    'FENCED',
    `run ${runId} was taken over by another command while this one did not answer; this one writes nothing more`,
    { exitCode: 1, hint: `\`builder_cli status ${runId}\` shows how it goes on.` },
  );
}

function parseRecord(text: string, path: string): RunRecord {
  try {
    const record = JSON.parse(text) as RunRecord;
    if (typeof record.run_id === 'string' && Array.isArray(record.steps)) return record;
  } catch {
    // Said below.
  }
  throw new UserError('RUN_NOT_FOUND', `the record ${path} is damaged and cannot be read`);
}

function waiting(plan: Plan): readonly StepRecord[] {
  return plan.steps.map(({ id, kind }) => ({ id, kind, status: 'WAITING', attempts: 0 }));
}

/** A run that was cut off knows no outcome of what ran or waited then: it is cancelled with the run. */
function endedWithRun(step: StepRecord): StepRecord {
  return step.status === 'RUNNING' || step.status === 'WAITING'
    ? { ...step, status: 'CANCELLED' }
    : step;
}

function noted(step: StepRecord, event: RunEvent): StepRecord {
  if (event.type === 'step_started' && event.step === step.id) {
    return { ...step, status: 'RUNNING', attempts: event.attempt };
  }
  if (event.type === 'step_ended' && event.outcome.step === step.id) {
    return stepRecordOf(event.outcome);
  }
  return step;
}
