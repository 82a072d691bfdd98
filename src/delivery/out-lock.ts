/** One writer per `--out`: a lock beside it that names the run, so that `resume --out` finds it after a crash. */

import { readFile, rmdir } from 'node:fs/promises';
import { join } from 'node:path';

import { UserError } from '../model/errors.ts';
import { removeIfUnchanged, replaceFile, sweepTemporary } from '../os/atomic.ts';
import { takeFileLock } from '../os/file-lock.ts';
import { explainFsFailure } from '../store/fs-failure.ts';
import { makeFolder } from '../os/make-folder.ts';
import { resolveOut, sideFolder } from './out-path.ts';
import { isAlive, ownIdentity } from '../os/process-identity.ts';

export { sideFolder } from './out-path.ts';

export type OutOwner = {
  readonly runId: string;
  readonly stateDir: string;
  /** 0: the process has let go of it; the run is still to be resumed. */
  readonly pid: number;
  readonly born: string;
};

export type OutLock = {
  /** Ends the lock. `keep`: the run did not deliver, so its name stays for `resume --out`. */
  unlock(options: { readonly keep: boolean }): Promise<void>;
};

/** Takes `--out` for a run. A dead owner's lock is taken over. @throws UserError OUT_BUSY */
export async function lockOut(
  out: string,
  about: { readonly runId: string; readonly stateDir: string },
): Promise<OutLock> {
  const folder = sideFolder(await resolveOut(out));
  const file = join(folder, 'owner.json');
  const owner: OutOwner = { ...about, ...ownIdentity() };
  const text = JSON.stringify(owner);
  const taken = await take(folder, file, text).catch((error: unknown) => {
    throw explainFsFailure(error, 'write beside --out, in', folder);
  });
  if (!taken.taken) throw busy(out, parseOwner(taken.by));
  return {
    unlock: async ({ keep }) => {
      if (keep) {
        const released: OutOwner = { ...about, pid: 0, born: 'released' };
        return replaceFile(file, JSON.stringify(released));
      }
      await removeIfUnchanged(file, text, { tmp: folder });
      await rmdir(folder).catch(() => undefined);
    },
  };
}

/** Whose run holds, or last failed to fill, this `--out`. */
export async function readOwner(out: string): Promise<OutOwner | undefined> {
  const file = join(sideFolder(await resolveOut(out)), 'owner.json');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : parseOwner(text);
}

/** True while another living process holds this `--out`. */
export async function isHeldByAnother(out: string): Promise<boolean> {
  const owner = await readOwner(out);
  return owner !== undefined && owner.pid !== process.pid && isAlive(owner);
}

/** @throws UserError OUT_BUSY while another living process holds this `--out` for another run */
export async function refuseIfHeld(out: string, runId: string): Promise<void> {
  const owner = await readOwner(out);
  if (owner === undefined || owner.runId === runId || owner.pid === process.pid) return;
  if (isAlive(owner)) throw busy(out, owner);
}

function busy(out: string, owner: OutOwner | undefined): UserError {
  return new UserError(
    'OUT_BUSY',
    `run ${owner?.runId ?? '(unknown)'} (process ${owner?.pid ?? 'unknown'}) is writing to ${out}`,
    { hint: 'Wait for it, cancel it with `builder_cli cancel`, or give another --out.' },
  );
}

async function take(folder: string, file: string, text: string): ReturnType<typeof takeFileLock> {
  for (let tries = 0; ; tries += 1) {
    await makeFolder(folder);
    try {
      const taken = await takeFileLock(file, text, { tmp: folder });
      if (taken.taken) await sweepTemporary(folder);
      return taken;
    } catch (error) {
      // A run that ended in between removed the folder with its lock.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || tries > 4) throw error;
    }
  }
}

function parseOwner(text: string): OutOwner | undefined {
  try {
    const owner = JSON.parse(text) as OutOwner;
    return typeof owner.runId === 'string' && typeof owner.stateDir === 'string'
      ? owner
      : undefined;
  } catch {
    return undefined;
  }
}
