/** Finds a recorded run by its id, by `--out`, or the newest one. */

import { resolve } from 'node:path';

import { resolveOut } from '../delivery/deliver.ts';
import { UserError } from '../model/errors.ts';
import { readOwner } from '../delivery/folder/out-lock.ts';
import { openRunRecords } from '../store/run-records.ts';
import { findStateDir } from './state-dir.ts';

import type { RunRecord } from '../model/run-record.ts';

export type Wanted = {
  /** An id, or the unambiguous beginning of one. */
  readonly runId?: string | undefined;
  readonly out?: string | undefined;
  /** Any open run will do. */
  readonly isOpen?: boolean;
};

export type Place = {
  /** A state folder that was named. */
  readonly stateDir?: string | undefined;
  readonly cwd: string;
};

/** The run and the state folder that holds it. @throws UserError RUN_NOT_FOUND */
export async function findRun(
  wanted: Wanted,
  { stateDir: given, cwd }: Place,
): Promise<{ readonly record: RunRecord; readonly stateDir: string }> {
  let stateDir = findStateDir({ given, cwd }).path;
  let runId = wanted.runId;
  let out: string | undefined;
  if (wanted.out !== undefined) {
    out = await resolveOut(resolve(cwd, wanted.out));
    const owner = await readOwner(out);
    if (owner?.state === 'foreign') throw notOurs(wanted.out);
    if (owner?.stateDir !== undefined) {
      stateDir = owner.stateDir;
      runId ??= owner.runId;
    } else if (given === undefined) {
      stateDir = findStateDir({ from: resolve(out, '..'), cwd }).path;
    }
  }
  const { records } = await openRunRecords(stateDir).list();
  const matches = records.filter(
    (record) =>
      (runId === undefined || record.run_id === runId || record.run_id.startsWith(runId)) &&
      (out === undefined || runId !== undefined || record.out === out) &&
      (wanted.isOpen !== true || record.state === 'open'),
  );
  const exact = matches.find((record) => record.run_id === runId);
  const record = exact ?? matches[0];
  if (record === undefined) {
    const what =
      runId ?? (wanted.out === undefined ? 'such a run' : `a run for --out ${wanted.out}`);
    throw new UserError('RUN_NOT_FOUND', `${what} is not recorded in ${stateDir}`, {
      hint: 'Give the state folder with --state-dir; `builder_cli runs` lists what it holds.',
    });
  }
  if (exact === undefined && runId !== undefined && matches.length > 1) {
    throw new UserError('RUN_NOT_FOUND', `'${runId}' begins the ids of ${matches.length} runs`, {
      hint: `For example ${matches
        .slice(0, 3)
        .map((m) => m.run_id)
        .join(', ')}`,
    });
  }
  return { record, stateDir };
}

/** Its definition would be run with this user's rights. */
function notOurs(out: string): UserError {
  return new UserError(
    'LOCK_NOT_OURS',
    `the lock beside ${out} was written by another user; the run that it names is not followed`,
    { hint: 'Resume as that user, name the run and its --state-dir, or start a new run here.' },
  );
}
