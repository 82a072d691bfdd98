/** One writer per `--out`: a lease beside it that names the run, so that `resume --out` finds it after a crash. */

import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';

import { UserError } from '../../model/errors.ts';
import { Fenced, readHolder, takeLease } from '../../os/lease.ts';
import { makeFolder } from '../../os/make-folder.ts';
import { describeOwner, isOwn } from '../../os/owner.ts';
import { explainFsFailure } from '../../store/fs-failure.ts';
import { resolveOut, sideFolder } from './out-path.ts';
import { refusePlanted } from './planted.ts';

import type { Holder, Lease, Taken } from '../../os/lease.ts';

export { sideFolder } from './out-path.ts';

/** Whose run an `--out` belongs to. Of another user's lock neither run nor state folder is told. */
export type OutOwner = Holder & { readonly runId?: string; readonly stateDir?: string };

export type OutLock = Pick<Lease, 'token' | 'lost'> & {
  /** Whose lock was taken over, if it was a run's that had not given it back. */
  readonly before?: OutOwner;
  /** @throws UserError FENCED once another command has taken it over */
  check(): void;
  /** Ends the lock. `keep`: the run did not deliver, so its name stays for `resume --out`. */
  unlock(options: { readonly keep: boolean }): Promise<void>;
};

/** Takes `--out` for a run. @throws UserError OUT_BUSY while somebody else may be writing there */
export async function lockOut(
  out: string,
  about: { readonly runId: string; readonly stateDir: string },
): Promise<OutLock> {
  const folder = sideFolder(await resolveOut(out));
  await refusePlanted(folder);
  const taken = await take(folder, about).catch((error: unknown) => {
    throw explainFsFailure(error, 'write beside --out, in', folder);
  });
  if (!taken.taken) throw busy(out, outOwner(taken.holder));
  const { lease, before } = taken;
  return {
    token: lease.token,
    lost: lease.lost,
    ...(before === undefined || before.state === 'released' ? {} : { before: outOwner(before) }),
    check: () => {
      try {
        lease.check();
      } catch (error) {
        throw error instanceof Fenced ? fenced(out) : error;
      }
    },
    unlock: async ({ keep }) => {
      lease.release({ keep });
      if (!keep) await rmdir(folder).catch(() => undefined);
    },
  };
}

/** Whose run holds, or last failed to fill, this `--out`. */
export async function readOwner(out: string): Promise<OutOwner | undefined> {
  const holder = readHolder(lockFile(sideFolder(await resolveOut(out))));
  return holder === undefined ? undefined : outOwner(holder);
}

/** True while another process holds this `--out`, or may hold it. */
export async function isHeldByAnother(out: string): Promise<boolean> {
  const owner = await readOwner(out);
  return owner !== undefined && !owner.isFree && !isMine(owner);
}

/**
 * Lets a delivery go on only if nobody else has this `--out`. With the `token` of its run's lock: only while that very
 * lock is there, whichever process holds it.
 * @throws UserError FENCED, OUT_BUSY
 */
export async function checkOut(
  out: string,
  { runId, token }: { readonly runId: string; readonly token?: number },
): Promise<void> {
  const owner = await readOwner(out);
  if (token !== undefined) {
    if (owner?.token !== token || owner.runId !== runId) throw fenced(out);
    return;
  }
  if (owner === undefined || owner.runId === runId || isMine(owner)) return;
  if (!owner.isFree) throw busy(out, owner);
}

/** Says that somebody else is, or may be, writing to `out`, and until when. */
export function busy(out: string, owner: OutOwner): UserError {
  const { state, leftMs } = owner;
  const run = `run ${owner.runId ?? '(unknown)'}`;
  const ends = `its lease runs out in ${Math.max(1, Math.ceil(leftMs / 1000))} s unless it is renewed`;
  if (state === 'foreign') {
    const left = owner.isFree ? 'its lock cannot be removed by this user' : ends;
    return new UserError('OUT_BUSY', `a run of another user is writing to ${out}; ${left}`, {
      hint: 'Wait for it, or give another --out.',
    });
  }
  if (state === 'unknown' && owner.owner !== undefined) {
    const where = `${describeOwner(owner.owner)}, which cannot be seen from here`;
    return new UserError('OUT_BUSY', `${run} is writing to ${out} (${where}); ${ends}`, {
      hint: 'Wait for it, or look there. Once its lease has run out the same command takes over.',
    });
  }
  return new UserError(
    'OUT_BUSY',
    `${run} (process ${owner.owner?.pid ?? 'unknown'}) is writing to ${out}`,
    { hint: 'Wait for it, cancel it with `builder_cli cancel`, or give another --out.' },
  );
}

/** Says whose lock was taken over. */
export function takenOverLine({ runId, state, owner }: OutOwner): string {
  const run = runId === undefined ? 'another run' : `run ${runId}`;
  if (state === 'damaged' || owner === undefined) return `lock      taken over from ${run}`;
  const why = state === 'dead' ? 'is gone' : 'has not renewed its lease';
  return `lock      taken over from ${run}: ${describeOwner(owner)} ${why}`;
}

function fenced(out: string): UserError {
  return new UserError(
    'FENCED',
    `another command has taken over ${out} while this one did not answer; this one writes nothing more`,
    { exitCode: 1, hint: `\`builder_cli status --out ${out}\` shows the run that has it.` },
  );
}

function isMine({ owner, state }: OutOwner): boolean {
  return state !== 'foreign' && owner !== undefined && isOwn(owner);
}

function outOwner(holder: Holder): OutOwner {
  const { runId, stateDir } = holder.about;
  if (typeof runId !== 'string' || typeof stateDir !== 'string') return holder;
  return { ...holder, runId, stateDir };
}

function lockFile(folder: string): string {
  return join(folder, 'owner.json');
}

async function take(
  folder: string,
  about: { readonly runId: string; readonly stateDir: string },
): Promise<Taken> {
  for (let tries = 0; ; tries += 1) {
    await makeFolder(folder);
    try {
      return await takeLease(lockFile(folder), { about });
    } catch (error) {
      // A run that ended in between removed the folder with its lock.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || tries > 4) throw error;
    }
  }
}
