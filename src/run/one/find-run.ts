/** Finds a recorded run by its id, by `--out`, or the newest one. */

import { dirname, resolve } from 'node:path';

import { resolveOut } from '../../delivery/deliver.ts';
import { UserError } from '../../model/errors.ts';
import { readOwner } from '../../delivery/folder/out-lock.ts';
import { listRuns, lookAtRecords } from '../records.ts';
import { findStateDir } from '../definitions/state-dir.ts';

import type { RunRecord } from '../../model/run-record.ts';

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
  /** A store that was named. */
  readonly store?: string | undefined;
  readonly cwd: string;
};

export type Found = {
  readonly record: RunRecord;
  readonly stateDir: string;
  readonly root: string;
};

/** The run, the state folder that holds it, and the store it is recorded in. @throws UserError RUN_NOT_FOUND */
export async function findRun(
  wanted: Wanted,
  { stateDir: given, store, cwd }: Place,
): Promise<Found> {
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
  const found = await listRuns(await lookAtRecords(stateDir, store), {
    where: ({ id, ...row }) =>
      (runId === undefined || id.startsWith(runId)) &&
      (out === undefined || runId !== undefined || liesAt(row, out)) &&
      (wanted.isOpen !== true || row.open),
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

/** The unfinished runs of partitions in `out`, by partition. */
export async function findOpenPartitions(
  out: string,
  { stateDir: given, store, cwd }: Place,
): Promise<readonly Found[]> {
  const base = await resolveOut(resolve(cwd, out));
  const stateDir = findStateDir({ given, from: base, cwd }).path;
  const found = await listRuns(await lookAtRecords(stateDir, store), {
    where: ({ open, out: at }) => open && at !== undefined && dirname(at) === base,
  });
  return found
    .filter(({ record }) => record.partition !== undefined)
    .map(({ record, in: { root } }) => ({ record, stateDir, root }))
    .toSorted((a, b) => (a.record.partition! < b.record.partition! ? -1 : 1));
}

/** True for a run that delivers to a folder, or to a partition in it. */
function liesAt({ out: at }: { readonly out?: string }, out: string): boolean {
  return at === out || (at !== undefined && dirname(at) === out);
}

/** Its definition would be run with this user's rights. */
function notOurs(out: string): UserError {
  return new UserError(
    'LOCK_NOT_OURS',
    `the lock beside ${out} was written by another user; the run that it names is not followed`,
    { hint: 'Resume as that user, name the run and its --state-dir, or start a new run here.' },
  );
}
