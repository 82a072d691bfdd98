/** One writer per `--out`: a lock beside it that names the run, so that `resume --out` finds it after a crash. */

import { mkdir, readFile, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { UserError } from '../model/errors.ts';
import { createFile, replaceFile } from './atomic.ts';
import { isAlive, ownIdentity } from './process-identity.ts';

export type OutOwner = {
  readonly runId: string;
  readonly stateDir: string;
  readonly pid: number;
  readonly born: string;
};

export type OutLock = {
  /** Ends the lock. `keep`: the run did not deliver, so its name stays for `resume --out`. */
  unlock(options: { readonly keep: boolean }): Promise<void>;
};

/** The folder beside `--out` that holds lock, staging and journal: on its filesystem, hidden. */
export function sideFolder(out: string): string {
  return join(dirname(out), `.${basename(out)}.builder`);
}

/** Takes `--out` for a run. A dead owner's lock is taken over. @throws UserError OUT_BUSY */
export async function lockOut(
  out: string,
  about: { readonly runId: string; readonly stateDir: string },
): Promise<OutLock> {
  const folder = sideFolder(out);
  const file = join(folder, 'owner.json');
  await mkdir(folder, { recursive: true });
  const owner: OutOwner = { ...about, ...ownIdentity() };
  const text = JSON.stringify(owner);
  for (;;) {
    if (await createFile(file, text, { tmp: folder, sync: false })) break;
    const other = await readOwner(out);
    if (other !== undefined && isAlive(other)) {
      throw new UserError(
        'OUT_BUSY',
        `run ${other.runId} (process ${other.pid}) is writing to ${out}`,
        {
          hint: 'Wait for it, cancel it with `builder_cli cancel`, or give another --out.',
        },
      );
    }
    const claim = join(folder, `takeover-${other?.pid ?? 0}-${other?.born ?? ''}`);
    if (await createFile(claim, text, { tmp: folder, sync: false })) {
      await replaceFile(file, text);
      await rm(claim, { force: true });
      break;
    }
    const rival = JSON.parse(await readFile(claim, 'utf8').catch(() => text)) as OutOwner;
    if (!isAlive(rival)) await rm(claim, { force: true });
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    unlock: async ({ keep }) => {
      if (keep) return;
      await rm(file, { force: true });
      await rmdir(folder).catch(() => undefined);
    },
  };
}

/** Whose run holds, or last failed to fill, this `--out`. */
export async function readOwner(out: string): Promise<OutOwner | undefined> {
  const text = await readFile(join(sideFolder(out), 'owner.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as OutOwner;
  } catch {
    return undefined;
  }
}
