/** Finds a recorded run by its id, by `--out`, or the newest one. */

import { resolve } from 'node:path';

import { resolveOut } from '../../delivery/deliver.ts';
import { UserError } from '../../model/errors.ts';
import { readOwner } from '../../delivery/folder/out-lock.ts';
import { listRuns, lookAtRecords } from '../../run/records.ts';
import { stateDirOf } from '../state-dir.ts';

import type { RunRecord } from '../../model/run-record.ts';
import type { RunRow } from '../../store/folds/folding.ts';
import type { Io } from '../io.ts';
import type { Settings } from '../settings.ts';

export type Wanted = { readonly runId?: string; readonly out?: string };

/** The run, the state folder that holds it, and the store it is recorded in. Unambiguous prefixes of an id do. @throws UserError RUN_NOT_FOUND */
export async function findRun(
  wanted: Wanted,
  settings: Settings,
  io: Io,
  accept: (row: Pick<RunRow, 'open'>) => boolean = () => true,
): Promise<{ record: RunRecord; stateDir: string; root: string }> {
  const given = settings.stateDir === undefined ? {} : { given: settings.stateDir };
  let stateDir = stateDirOf({ ...given, from: io.cwd, cwd: io.cwd });
  let runId = wanted.runId;
  let out: string | undefined;
  if (wanted.out !== undefined) {
    out = await resolveOut(resolve(io.cwd, wanted.out));
    const owner = await readOwner(out);
    if (owner?.state === 'foreign') throw notOurs(wanted.out);
    if (owner?.stateDir !== undefined) {
      stateDir = owner.stateDir;
      runId ??= owner.runId;
    } else if (settings.stateDir === undefined) {
      stateDir = stateDirOf({ from: resolve(out, '..'), cwd: io.cwd });
    }
  }
  const recorded = await lookAtRecords(stateDir, settings.store);
  const found = await listRuns(recorded, {
    where: ({ id, ...row }) =>
      (runId === undefined || id.startsWith(runId)) &&
      (out === undefined || runId !== undefined || row.out === out) &&
      accept(row),
  });
  const matches = found.map(({ record, in: { root } }) => ({ record, root }));
  const exact = matches.find(({ record }) => record.run_id === runId);
  const match = exact ?? matches[0];
  if (match === undefined) {
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
        .map((m) => m.record.run_id)
        .join(', ')}`,
    });
  }
  return { ...match, stateDir };
}

/** Its definition would be run with this user's rights. */
function notOurs(out: string): UserError {
  return new UserError(
    'LOCK_NOT_OURS',
    `the lock beside ${out} was written by another user; the run that it names is not followed`,
    { hint: 'Resume as that user, name the run and its --state-dir, or start a new run here.' },
  );
}
