/**
 * The swap of one delivery for the next, so that a kill at any moment leaves one complete version.
 *
 * 1. The journal is written only when the staged version is complete and on disk.
 * 2. With a journal the swap goes forward, never back: recovery finishes what was begun.
 * 3. Without one, `--out` is as it was; what is staged is dropped.
 */

import { readdir, readFile, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { replaceFile, syncFolder } from '../../store/atomic.ts';
import { sideFolder } from '../../store/out-lock.ts';

/** Moments at which a test may kill the process. */
export type Phase =
  'staged' | 'verified' | 'journalled' | 'old aside' | 'new in' | 'journal gone' | 'old dropped';

type Journal = { readonly staging: string; readonly aside: string };

/** Swaps a complete staging folder into `out`. */
export async function swapIn(
  out: string,
  staging: string,
  onPhase: (phase: Phase) => void,
): Promise<void> {
  const side = sideFolder(out);
  const journal: Journal = { staging, aside: join(side, 'old') };
  await rm(journal.aside, { recursive: true, force: true });
  await replaceFile(join(side, 'journal.json'), JSON.stringify(journal), { sync: true });
  await syncFolder(side);
  onPhase('journalled');
  try {
    await goForward(out, journal, onPhase);
  } catch (error) {
    await goBack(out, journal);
    throw error;
  }
}

/** The swap was refused, not cut off: the old version returns, and the journal that promised the new one goes. */
async function goBack(out: string, { aside }: Journal): Promise<void> {
  if (!(await exists(out)) && (await exists(aside))) await rename(aside, out);
  await rm(join(sideFolder(out), 'journal.json'), { force: true });
}

/** Finishes or forgets a delivery that was cut off. */
export async function recoverDelivery(
  out: string,
): Promise<'nothing' | 'completed' | 'rolled back'> {
  const side = sideFolder(out);
  const names = await readdir(side).catch((): string[] => []);
  const staged = names.filter((name) => name.startsWith('staging-') || name === 'old');
  if (names.includes('journal.json')) {
    const journal = JSON.parse(await readFile(join(side, 'journal.json'), 'utf8')) as Journal;
    await goForward(out, journal, () => undefined);
    await dropFolder(side);
    return 'completed';
  }
  for (const name of staged) await rm(join(side, name), { recursive: true, force: true });
  await dropFolder(side);
  return staged.length > 0 ? 'rolled back' : 'nothing';
}

/** Each part is skipped where it has been done already. */
async function goForward(
  out: string,
  { staging, aside }: Journal,
  onPhase: (phase: Phase) => void,
): Promise<void> {
  const side = sideFolder(out);
  if (await exists(staging)) {
    if ((await exists(out)) && !(await exists(aside))) await rename(out, aside);
    onPhase('old aside');
    await rm(out, { recursive: true, force: true });
    await rename(staging, out);
    await syncFolder(dirname(out));
  }
  onPhase('new in');
  await rm(join(side, 'journal.json'), { force: true });
  onPhase('journal gone');
  await rm(aside, { recursive: true, force: true });
  onPhase('old dropped');
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

async function dropFolder(side: string): Promise<void> {
  await rmdir(side).catch(() => undefined);
}
