/**
 * What attempts and queries of dead processes left on the disk: folders of attempts by run, and what queries had put
 * aside for want of memory.
 *
 * 1. Nothing of a run that goes on is touched, and nothing that a command still runs in. A run may be started again at
 *    any moment: only attempts of the starts that are over go, which their names tell.
 * 2. Of a run that nobody here knows only what is old goes: its worker may be at its first step.
 */

import { readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';

import { isLeftOver, sweepTemporary } from '../os/atomic.ts';
import { both, diskUse } from '../os/disk-use.ts';

import type { DiskUse } from '../os/disk-use.ts';

/** Folder beside those of the runs, for what the shared DuckDB of a worker spills. */
export const SHARED_SPILL = '_shared';

/** What a folder is named that an earlier version spilled into, which does not tell whose it is. */
const NAMELESS = /^spill-[0-9a-f]{16}$/;
const NAMELESS_KEPT_MS = 24 * 3600 * 1000;
const UNKNOWN_KEPT_MS = 7 * 24 * 3600 * 1000;

export type Leftovers = {
  readonly attempts: DiskUse & { readonly runs: number };
  readonly spilled: DiskUse;
};

export type SweepAttempts = {
  /** The last start of a run that is over; undefined: it goes on. */
  readonly overUntil: (runId: string) => number | undefined | 'unknown';
  /** Only to see what there is. */
  readonly look: boolean;
  readonly now?: number;
};

/** Removes it, and answers what it was. */
export async function sweepAttempts(
  root: string,
  { overUntil, look, now = Date.now() }: SweepAttempts,
): Promise<Leftovers> {
  let attempts: DiskUse = { files: 0, bytes: 0, newestMs: 0 };
  let runs = 0;
  for (const runId of await namesIn(root)) {
    if (runId === SHARED_SPILL) continue;
    const path = join(root, runId);
    const over = overUntil(runId);
    const names = await namesIn(path);
    if (over === undefined || names.some((name) => name.endsWith('.pid'))) continue;
    const use = await diskUse(path);
    const isKept = over === 'unknown' && now - use.newestMs < UNKNOWN_KEPT_MS;
    const going = isKept ? [] : names.filter((name) => over === 'unknown' || startOf(name) <= over);
    if (isKept || (names.length > 0 && going.length === 0)) continue;
    for (const name of going) attempts = both(attempts, await diskUse(join(path, name)));
    runs += 1;
    if (look) continue;
    for (const name of going) await rm(join(path, name), { recursive: true, force: true });
    await rmdir(path).catch(() => undefined);
  }
  return { attempts: { ...attempts, runs }, spilled: await sweepSpilled(root, { look, now }) };
}

/** The start of a run that an attempt belongs to, as `<step>.<start>-<attempt>` says. */
function startOf(name: string): number {
  return Number(/\.(\d+)-\d+$/.exec(name)?.[1] ?? Infinity);
}

async function sweepSpilled(
  root: string,
  { look, now }: { readonly look: boolean; readonly now: number },
): Promise<DiskUse> {
  const folder = join(root, SHARED_SPILL);
  let spilled: DiskUse = { files: 0, bytes: 0, newestMs: 0 };
  for (const name of await namesIn(folder)) {
    const path = join(folder, name);
    const use = await diskUse(path);
    const isOld = NAMELESS.test(name) && now - use.newestMs > NAMELESS_KEPT_MS;
    if (!isOld && !(await isLeftOver(path, () => now))) continue;
    spilled = both(spilled, use);
    if (!look && isOld) await rm(path, { recursive: true, force: true });
  }
  if (!look) await sweepTemporary(folder, () => now);
  return spilled;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch((): string[] => []);
}
