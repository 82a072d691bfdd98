/** The backfills of a project: begins one, goes on with one, looks at them, and acts on one from outside. */

import { UserError } from '../model/errors.ts';
import { backfillReport } from './backfill-report.ts';
import { openBackfills } from './backfill-records.ts';
import { cancelBackfill, signalBackfill } from './control-backfill.ts';
import { choosePartitionsOf, resumeBackfill, runBackfill } from './run-backfill.ts';

import type { BackfillRecord } from './backfill-records.ts';
import type { BackfillReport, FindRuns } from './backfill-report.ts';
import type { Controlled } from './control-backfill.ts';
import type { RunControl } from './control.ts';
import type { Parts } from './parts.ts';
import type { BackfillEnded, BackfillRequest } from './run-backfill.ts';

export type ProjectBackfills = {
  /** Makes the partitions of a range, or goes on with the same backfill that was left. @throws UserError */
  run(request: BackfillRequest, control: RunControl): Promise<BackfillEnded>;
  /** The partitions that a new one would make. Starts nothing. @throws UserError */
  choose(request: BackfillRequest): Promise<readonly string[]>;
  /** Goes on with one; of one that is over, makes what it did not make. @throws UserError */
  resume(id: string, control: RunControl): Promise<BackfillEnded>;
  /** Newest first. */
  list(): Promise<readonly BackfillRecord[]>;
  /** By id or its unambiguous beginning; the newest without one. @throws UserError BACKFILL_NOT_FOUND */
  report(id?: string): Promise<BackfillReport>;
  /** Begins nothing more of it, until it is told to go on. @throws UserError */
  pause(id: string): Promise<void>;
  goOn(id: string): Promise<void>;
  /** Cancels it with its runs. @throws UserError */
  cancel(id: string): Promise<Controlled>;
};

/** Those of a state folder. */
export function backfillsOf(parts: Parts, find: FindRuns): ProjectBackfills {
  const { stateDir } = parts.options;
  const records = openBackfills(stateDir);
  const recordOf = async (id?: string): Promise<BackfillRecord> => {
    const all = await records.list();
    const exact = all.find((one) => id === undefined || one.backfill_id === id);
    const begun = all.filter((one) => one.backfill_id.startsWith(id ?? ''));
    const found = exact ?? (begun.length === 1 ? begun[0] : undefined);
    if (found !== undefined) return found;
    const what = id === undefined ? 'no backfill' : `backfill ${id}`;
    const message = `${what} is${id === undefined ? '' : ' not'} recorded in ${stateDir}`;
    throw new UserError('BACKFILL_NOT_FOUND', message, {
      hint: '`builder_cli backfill list` shows those there are; --state-dir names another state folder.',
    });
  };
  return {
    run: (request, control) => runBackfill(parts, request, control, find),
    choose: (request) => choosePartitionsOf(parts, request, find),
    resume: async (id, control) => resumeBackfill(parts, await recordOf(id), control, find),
    list: () => records.list(),
    report: async (id) => backfillReport(stateDir, await recordOf(id), find),
    pause: async (id) => signalBackfill(parts, await recordOf(id), 'pause'),
    goOn: async (id) => signalBackfill(parts, await recordOf(id), 'resume'),
    cancel: async (id) => cancelBackfill(parts, await recordOf(id)),
  };
}
