/** What became of a backfill: a fold of the records of its runs, whoever drives it and whether an engine is up or not. */

import { join } from 'node:path';

import { orderOf } from '../model/standing-order.ts';
import { driverOfBackfill, openBackfills } from './backfill-records.ts';
import { exitCodeOf } from './make-run.ts';
import { shownStatus } from './shown-status.ts';

import type { BackfillRow } from '../model/backfill.ts';
import type { RunRecord } from '../model/run-record.ts';
import type { RunRow } from '../store/folds/runs.ts';
import type { BackfillNote, BackfillRecord } from './backfill-records.ts';

export type BackfillReport = {
  readonly backfill: BackfillRecord;
  /** `going on` in some process, or `left` by its own. */
  readonly state: 'going on' | 'left' | 'done' | 'cancelled';
  /** One a partition, in the job's order. */
  readonly rows: readonly BackfillRow[];
};

/** Records of runs of the state folder, newest first. */
export type FindRuns = (where: (row: RunRow) => boolean) => Promise<readonly RunRecord[]>;

/** The report of one that is on record. */
export async function backfillReport(
  stateDir: string,
  backfill: BackfillRecord,
  find: FindRuns,
): Promise<BackfillReport> {
  const { backfill_id: id, partitions } = backfill;
  const notes = await openBackfills(stateDir).notes(id);
  const others = new Set([...notes.values()].flatMap(({ run_id: other }) => other ?? []));
  const runs = await find((run) => run.id.startsWith(`${id}-`) || others.has(run.id));
  const byId = new Map(runs.map((record) => [record.run_id, record]));
  const order = { by: 'backfill', id, job: '', out: '' } as const;
  const rows = partitions.map((partition) => {
    const note = notes.get(partition);
    const { runId } = orderOf(order, { partition, atMs: 0 });
    const record = byId.get(runId) ?? byId.get(note?.run_id ?? '');
    return record === undefined ? withoutRun(partition, note) : rowOf(partition, record, stateDir);
  });
  return { backfill, state: stateOfBackfill(backfill), rows };
}

/** The state of one as people are told it. */
export function stateOfBackfill(backfill: BackfillRecord): BackfillReport['state'] {
  if (backfill.state === 'closed') return backfill.ended === 'CANCELLED' ? 'cancelled' : 'done';
  return driverOfBackfill(backfill) === 'dead' ? 'left' : 'going on';
}

function withoutRun(partition: string, note: BackfillNote | undefined): BackfillRow {
  if (note?.held === undefined) return { partition, status: 'WAITING' };
  return { partition, status: 'HELD', exit_code: 2, reason: note.held, code: 'OUT_BUSY' };
}

function rowOf(partition: string, record: RunRecord, stateDir: string): BackfillRow {
  const { run_id, started_at, finished_at, error, state, steps, state_dir } = record;
  const { status } = shownStatus(record);
  const deciding = steps.find((step) => step.status === status && step.status !== 'OK');
  const isBad = status !== 'OK' && status !== 'WARN';
  const reason = error ?? deciding?.reason;
  return {
    partition,
    status,
    run_id,
    started_at,
    ...(finished_at === undefined ? {} : { finished_at }),
    ...(state === 'closed' ? { exit_code: exitCodeOf(record) } : {}),
    ...(reason === undefined ? {} : { reason }),
    ...(deciding?.code === undefined ? {} : { code: deciding.code }),
    ...(isBad && deciding !== undefined && deciding.attempts > 0
      ? { log: join(state_dir ?? stateDir, 'runs', run_id, 'logs', `${deciding.id}.log`) }
      : {}),
  };
}
