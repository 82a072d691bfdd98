/**
 * Warns at the start of a run that its disk may be too small: by what the newest results of its steps take, and what of
 * them is delivered to the same disk. It never holds a run up, and never fails one.
 */

import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';

import { namedSteps } from '../../model/nested.ts';
import { formatSize } from '../../model/size.ts';

import type { Plan } from '../../model/plan.ts';
import type { ArtifactRef } from '../../model/step-result.ts';
import type { Store } from '../../store/store.ts';

export type Room = {
  readonly plan: Pick<Plan, 'job' | 'profile' | 'partition' | 'steps'> & {
    readonly run: Pick<Plan['run'], 'out'>;
  };
  readonly store: Pick<Store, 'latestOf'>;
  /** Where results are stored, absolute; it need not be there yet. */
  readonly storeRoot: string;
  readonly stateDir: string;
};

/** Below this logs and the engine's database may not fit either. */
const LEAST_FREE_BYTES = 100_000_000;

/** One line for people; undefined where there is room, or nobody can tell. */
export async function lackOfRoom(
  { plan, store, storeRoot, stateDir }: Room,
  freeBytesIn: (folder: string) => Promise<number> = freeIn,
): Promise<string | undefined> {
  try {
    const folder = await existing(storeRoot);
    const free = await freeBytesIn(folder);
    const needed = await neededBytes(plan, store, folder);
    if (free >= Math.max(needed, LEAST_FREE_BYTES)) return undefined;
    const what = storeRoot.startsWith(stateDir) ? 'state folder' : 'store';
    const before = needed === 0 ? '' : `, the last run needed ${formatSize(needed)}`;
    return `space     the ${what}'s filesystem has ${formatSize(free)} free${before}; \`builder_cli prune\` removes what nothing needs`;
  } catch {
    return undefined;
  }
}

async function neededBytes(
  { job, profile, partition, steps, run }: Room['plan'],
  store: Room['store'],
  folder: string,
): Promise<number> {
  const refs = new Map<string, ArtifactRef>();
  for (const { profile: own, step } of namedSteps({ profile, steps })) {
    const latest = await store.latestOf(job, own, step.id, partition?.id);
    for (const ref of Object.values(latest?.result.outputs ?? {})) refs.set(ref.sha256, ref);
  }
  const isBeside = run.out !== undefined && (await areOnOneDisk(folder, run.out));
  return [...refs.values()].reduce(
    (sum, { bytes, deliver }) => sum + bytes + (isBeside && deliver !== undefined ? bytes : 0),
    0,
  );
}

async function areOnOneDisk(a: string, b: string): Promise<boolean> {
  const [one, other] = await Promise.all([stat(a), stat(await existing(b))]);
  return one.dev === other.dev;
}

/** The folder, or the nearest above it that is there. */
async function existing(folder: string): Promise<string> {
  const isThere = await stat(folder).then(
    () => true,
    () => false,
  );
  return isThere || dirname(folder) === folder ? folder : existing(dirname(folder));
}

async function freeIn(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
