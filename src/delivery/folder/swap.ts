/**
 * The swap of one delivery for the next, so that a kill at any moment leaves one complete version.
 *
 * 1. The journal is written only when the staged version is complete and on disk.
 * 2. With a journal and what it names, the swap goes forward: recovery finishes what was begun.
 * 3. Otherwise the old version is, or comes back, in its place; what is staged is dropped.
 * 4. The old version is dropped only while a new one is in place. Nothing else is ever removed at `--out`.
 * 5. One process at a time does this, and asks `guard` right before each step that it still may. Who may not any more
 *    leaves everything as it is, for the one who has taken over.
 */

import { readdir, readFile, rename, rm, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { UserError } from '../../model/errors.ts';
import { replaceFile, syncFolder, sweepTemporary } from '../../os/atomic.ts';
import { sightIn } from '../../os/lease-files.ts';
import { sideFolder } from './out-path.ts';

import type { Recovered } from '../target.ts';

/** Moments at which a test may kill the process. */
export type Phase =
  'staged' | 'verified' | 'journalled' | 'old aside' | 'new in' | 'journal gone' | 'old dropped';

/** Staged versions are folders of this prefix in the folder beside `--out`. */
export const STAGING = 'staging-';
const JOURNAL = 'journal.json';
const ASIDE = 'old';

/** Throws once somebody else has taken over. */
export type Guard = () => void | Promise<void>;

/** Swaps a complete staging folder into `out`, a resolved path. What went wrong leaves `out` as it was. */
export async function swapIn(
  out: string,
  staging: string,
  { guard, onPhase }: { readonly guard: Guard; readonly onPhase: (phase: Phase) => void },
): Promise<void> {
  const side = sideFolder(out);
  await guard();
  await replaceFile(join(side, JOURNAL), JSON.stringify({ staging: basename(staging) }), {
    sync: true,
  });
  await syncFolder(side);
  onPhase('journalled');
  try {
    await goForward(out, staging, guard, onPhase);
  } catch (error) {
    await guard();
    await goBack(out, staging);
    throw error;
  }
  await dropOld(out, guard, onPhase);
}

/**
 * Finishes a swap that was cut off, or forgets what was staged. For who works on `out`, a resolved path, alone and has
 * the right to.
 */
export async function recoverSwap(
  out: string,
  guard: Guard,
  onPhase: (phase: Phase) => void,
): Promise<Recovered> {
  const side = sideFolder(out);
  const names = await readdir(side).catch((): string[] => []);
  await guard();
  const staging = await readJournal(side);
  let recovered: Recovered = 'nothing';
  if (staging !== undefined && (await exists(staging))) {
    await goForward(out, staging, guard, onPhase);
    recovered = 'completed';
  } else if (await exists(join(side, ASIDE))) {
    recovered = (await exists(out)) ? 'completed' : 'rolled back';
    await guard();
    if (recovered === 'rolled back') await rename(join(side, ASIDE), out);
  } else if (names.some((name) => name.startsWith(STAGING))) {
    recovered = 'rolled back';
  }
  await dropOld(out, guard, onPhase);
  for (const name of names.filter((n) => n.startsWith(STAGING))) {
    await rm(join(side, name), { recursive: true, force: true });
  }
  await sweepTemporary(side);
  return recovered;
}

/** Where the old version lies from its leaving `out` until the new one is in. */
export function asideOf(out: string): string {
  return join(sideFolder(out), ASIDE);
}

/** True while `out` is delivered to, or was when that was cut off. */
export async function isSwapped(out: string): Promise<boolean> {
  return exists(sideFolder(out));
}

/** True while a swap has begun whose staged version must not be touched. */
export async function isSwapping(out: string): Promise<boolean> {
  return exists(join(sideFolder(out), JOURNAL));
}

/** Each part is skipped where it has been done already. */
async function goForward(
  out: string,
  staging: string,
  guard: Guard,
  onPhase: (phase: Phase) => void,
): Promise<void> {
  const side = sideFolder(out);
  const aside = join(side, ASIDE);
  if (await exists(out)) {
    await guard();
    if (await exists(aside)) await makeRoom(out);
    else await rename(out, aside);
  }
  await syncFolder(dirname(out));
  await syncFolder(side);
  onPhase('old aside');
  await guard();
  await rename(staging, out);
  await syncFolder(dirname(out));
  await syncFolder(side);
  onPhase('new in');
}

/** The old version lies aside, so this `out` is somebody's who found none there. */
async function makeRoom(out: string): Promise<void> {
  await rmdir(out).catch((error: unknown) => {
    throw new UserError(
      'OUT_NOT_OURS',
      `${out} was filled by something else while a delivery into it was cut off; nothing was touched`,
      { hint: 'Move it away; the next command finishes the delivery.', cause: error },
    );
  });
}

/** The swap was refused, not cut off: the old version returns, and the journal that promised the new one goes. */
async function goBack(out: string, staging: string): Promise<void> {
  const aside = join(sideFolder(out), ASIDE);
  if (!(await exists(out)) && (await exists(aside))) await rename(aside, out);
  if (!(await exists(staging))) return;
  await rm(join(sideFolder(out), JOURNAL), { force: true });
}

/** The new version is in place. An old one that cannot be dropped is left for the next command. */
async function dropOld(out: string, guard: Guard, onPhase: (phase: Phase) => void): Promise<void> {
  const side = sideFolder(out);
  await guard();
  await rm(join(side, JOURNAL), { force: true });
  onPhase('journal gone');
  await guard();
  await rm(join(side, ASIDE), { recursive: true, force: true }).catch(() => undefined);
  onPhase('old dropped');
}

/** The staged version a journal names; undefined without one, if it is damaged, or if another user wrote it. */
async function readJournal(side: string): Promise<string | undefined> {
  const path = join(side, JOURNAL);
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined || (await stat(path)).uid !== sightIn(side).uid) return undefined;
  try {
    const { staging } = JSON.parse(text) as { readonly staging: string };
    if (!basename(staging).startsWith(STAGING)) return undefined;
    return join(side, basename(staging));
  } catch {
    return undefined;
  }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
