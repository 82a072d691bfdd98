/** What became of a backfill or a batch: a fold of the records of its runs, whoever drives it and whether an engine is up or not. */

import { join } from 'node:path';

import {
  driverOfMany,
  idOf,
  labelOfOrder,
  manyOf,
  openMany,
  ordersOf,
  type BackfillRecord,
} from './many-records.ts';
import { recordedExitCode } from '../../model/exit-code.ts';
import { shownStatus } from '../one/shown-status.ts';

import type { BackfillRow, BatchRow, ManyRow } from '../../model/backfill.ts';
import type { RunRecord } from '../../model/run-record.ts';
import type { RunOrder } from '../../model/standing-order.ts';
import type { RunRow } from '../../store/folds/runs.ts';
import type { BatchRecord, ManyNote, ManyRecord } from './many-records.ts';

/** `going on` in some process, or `left` by its own. */
export type ManyState = 'going on' | 'left' | 'done' | 'cancelled';

type Report<Kept, Row> = {
  readonly record: Kept;
  readonly state: ManyState;
  /** One a run, in their order. */
  readonly rows: readonly Row[];
};

export type BackfillReport = Report<BackfillRecord, BackfillRow>;
export type BatchReport = Report<BatchRecord, BatchRow>;
export type ManyReport = BackfillReport | BatchReport;

/** Records of runs of the state folder, newest first. */
export type FindRuns = (where: (row: RunRow) => boolean) => Promise<readonly RunRecord[]>;

/** The report of one that is on record. */
export async function manyReport(
  stateDir: string,
  record: ManyRecord,
  find: FindRuns,
): Promise<ManyReport> {
  const id = idOf(record);
  const notes = await openMany(stateDir, manyOf(record)).notes(id);
  const others = new Set([...notes.values()].flatMap(({ run_id: other }) => other ?? []));
  const runs = await find((run) => run.id.startsWith(`${id}-`) || others.has(run.id));
  const byId = new Map(runs.map((run) => [run.run_id, run]));
  const rows = ordersOf(record).map((ordered) => {
    const note = notes.get(labelOfOrder(ordered));
    const run = byId.get(ordered.runId) ?? byId.get(note?.run_id ?? '');
    const row = run === undefined ? withoutRun(note) : rowOf(run, stateDir);
    return { ...subjectOf(ordered), ...row };
  });
  // Which rows there are follows from the record.
  return { record, state: stateOfMany(record), rows } as ManyReport;
}

/** The state of one as people are told it. */
export function stateOfMany(record: ManyRecord): ManyState {
  if (record.state === 'closed') return record.ended === 'CANCELLED' ? 'cancelled' : 'done';
  return driverOfMany(record) === 'dead' ? 'left' : 'going on';
}

function subjectOf({ order, partition }: RunOrder) {
  const cut = partition === undefined ? {} : { partition };
  return order.name === undefined ? cut : { job: order.name, ...cut, out: order.out };
}

type About = Omit<ManyRow, 'job' | 'partition' | 'out'>;

function withoutRun(note: ManyNote | undefined): About {
  if (note?.held === undefined) return { status: 'WAITING' };
  return { status: 'HELD', exit_code: 2, reason: note.held, code: 'OUT_BUSY' };
}

function rowOf(record: RunRecord, stateDir: string): About {
  const { run_id, started_at, finished_at, error, state, steps, state_dir } = record;
  const { status } = shownStatus(record);
  const deciding = steps.find((step) => step.status === status && step.status !== 'OK');
  const isBad = status !== 'OK' && status !== 'WARN';
  const reason = error ?? deciding?.reason;
  return {
    status,
    run_id,
    started_at,
    ...(finished_at === undefined ? {} : { finished_at }),
    ...(state === 'closed' ? { exit_code: recordedExitCode(record) } : {}),
    ...(reason === undefined ? {} : { reason }),
    ...(deciding?.code === undefined ? {} : { code: deciding.code }),
    ...(isBad && deciding !== undefined && deciding.attempts > 0
      ? { log: join(state_dir ?? stateDir, 'runs', run_id, 'logs', `${deciding.id}.log`) }
      : {}),
  };
}
