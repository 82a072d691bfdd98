/** The backfills and batches of a project: begins one, goes on with one, looks at them, and acts on one from outside. */

import { UserError } from '../../model/errors.ts';
import { cancelMany, signalMany } from './control-many.ts';
import { resumeMany } from './go-on-with-many.ts';
import { idOf, openMany } from './many-records.ts';
import { manyReport } from './many-report.ts';
import { choosePartitionsOf, runBackfill } from './run-backfill.ts';
import { chooseForBatch, runBatch } from './run-batch.ts';

import type { Controlled } from './control-many.ts';
import type { RunControl } from '../control.ts';
import type { BatchItem, Many, ManyRecord } from './many-records.ts';
import type { BackfillReport, BatchReport, FindRuns, ManyReport } from './many-report.ts';
import type { Parts } from '../parts.ts';
import type { BackfillEnded, BackfillRequest } from './run-backfill.ts';
import type { BatchEnded, BatchRequest } from './run-batch.ts';

/** What can be done with those that are on record. `Control`: how a run is listened to and stopped. */
type OnRecord<Report extends ManyReport, Ended, Control> = {
  /** Goes on with one; of one that is over, makes what it did not make. @throws UserError */
  resume(id: string, control: Control): Promise<Ended>;
  /** Newest first. */
  list(): Promise<readonly Report['record'][]>;
  /** By id or its unambiguous beginning; the newest without one. @throws UserError BACKFILL_NOT_FOUND */
  report(id?: string): Promise<Report>;
  /** Begins nothing more of it, until it is told to go on. @throws UserError */
  pause(id: string): Promise<void>;
  goOn(id: string): Promise<void>;
  /** Cancels it with its runs. @throws UserError */
  cancel(id: string): Promise<Controlled>;
};

export type ProjectBackfills<Control = RunControl> = OnRecord<
  BackfillReport,
  BackfillEnded,
  Control
> & {
  /** Makes the partitions of a range, or goes on with the same backfill that was left. @throws UserError */
  run(request: BackfillRequest, control: Control): Promise<BackfillEnded>;
  /** The partitions that a new one would make. Starts nothing. @throws UserError */
  choose(request: BackfillRequest): Promise<readonly string[]>;
};

export type ProjectBatches<Control = RunControl> = OnRecord<BatchReport, BatchEnded, Control> & {
  /** Makes many jobs, or goes on with the same batch that was left. @throws UserError */
  run(request: BatchRequest, control: Control): Promise<BatchEnded>;
  /** The runs that a new one would make. Starts nothing. @throws UserError */
  choose(request: BatchRequest): Promise<readonly BatchItem[]>;
};

/** The backfills of a state folder. */
export function backfillsOf(parts: Parts, find: FindRuns): ProjectBackfills {
  return {
    ...(onRecord(parts, find, 'backfill') as OnRecord<BackfillReport, BackfillEnded, RunControl>),
    run: async (request, control) =>
      (await runBackfill(parts, request, control, find)) as BackfillEnded,
    choose: (request) => choosePartitionsOf(parts, request, find),
  };
}

/** The batches of a state folder. */
export function batchesOf(parts: Parts, find: FindRuns): ProjectBatches {
  return {
    ...(onRecord(parts, find, 'batch') as OnRecord<BatchReport, BatchEnded, RunControl>),
    run: async (request, control) => (await runBatch(parts, request, control, find)) as BatchEnded,
    choose: (request) => chooseForBatch(parts, request),
  };
}

function onRecord(parts: Parts, find: FindRuns, what: Many) {
  const { stateDir } = parts.options;
  const records = openMany(stateDir, what);
  const recordOf = async (id?: string): Promise<ManyRecord> => {
    const all = await records.list();
    const exact = all.find((one) => id === undefined || idOf(one) === id);
    const begun = all.filter((one) => idOf(one).startsWith(id ?? ''));
    const found = exact ?? (begun.length === 1 ? begun[0] : undefined);
    if (found !== undefined) return found;
    const which = id === undefined ? `no ${what}` : `${what} ${id}`;
    const message = `${which} is${id === undefined ? '' : ' not'} recorded in ${stateDir}`;
    throw new UserError('BACKFILL_NOT_FOUND', message, {
      hint: `\`builder_cli ${what} list\` shows those there are; --state-dir names another state folder.`,
    });
  };
  return {
    resume: async (id: string, control: RunControl) =>
      resumeMany(parts, await recordOf(id), control, find),
    list: () => records.list(),
    report: async (id?: string) => manyReport(stateDir, await recordOf(id), find),
    pause: async (id: string) => signalMany(parts, await recordOf(id), 'pause'),
    goOn: async (id: string) => signalMany(parts, await recordOf(id), 'resume'),
    cancel: async (id: string) => cancelMany(parts, await recordOf(id)),
  };
}
