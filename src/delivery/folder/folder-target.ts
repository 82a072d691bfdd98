/** The folder `--out` as a target: staged beside it, verified, synced, then swapped in. */

import { randomBytes } from 'node:crypto';
import { readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';

import { syncFolder } from '../../os/atomic.ts';
import { takeTurn } from '../../os/lease-turn.ts';
import { makeFolder } from '../../os/make-folder.ts';
import { safeName } from '../../os/safe-name.ts';
import { inspectOut } from './inspect-out.ts';
import { checkOut, isHeldByAnother, readOwner } from './out-lock.ts';
import { resolveOut, sideFolder } from './out-path.ts';
import { notePartitions } from './partitions.ts';
import { writePapers } from './papers.ts';
import { refuseForWhole } from './refuse-out.ts';
import { inOrder, stage } from './stage.ts';
import { isSwapping, recoverSwap, STAGING, swapIn } from './swap.ts';
import { goneFrom, staysAsItIs } from './what-goes.ts';
import { explain } from './why-not-written.ts';

import type { Delivery, DeliveryTarget, Prepared } from '../target.ts';
import type { ManifestFile } from './inspect-out.ts';
import type { Guard, Phase } from './swap.ts';

/** For tests: the moments of a swap, and the clock. */
export type FolderHooks = {
  readonly onPhase?: (phase: Phase) => void;
  readonly now?: () => number;
};

/** The target that is chosen by `--out`. */
export function makeFolderTarget({
  onPhase = () => undefined,
  now = Date.now,
}: FolderHooks = {}): DeliveryTarget {
  return {
    kind: 'folder',
    placeOf: ({ out }) => out,
    reaches: async ({ out, outToken }) =>
      out === undefined || outToken === undefined || (await readOwner(out)) !== undefined,
    prepare: async (delivery) => prepare(delivery, onPhase, now),
    recover: async (place) => {
      const out = await resolveOut(place);
      const names = await readdir(sideFolder(out)).catch((): string[] => []);
      if (names.length === 0 || (await isHeldByAnother(out))) return 'nothing';
      const turn = await beginAlone(out);
      try {
        return await recoverSwap(out, turn.guard, onPhase);
      } finally {
        await turn.end();
      }
    },
  };
}

async function prepare(
  { input, store }: Delivery,
  onPhase: (phase: Phase) => void,
  now: () => number,
): Promise<Prepared> {
  const { out: given = '', id: runId, outToken: token } = input.plan.run;
  const out = await resolveOut(given);
  const claim = token === undefined ? { runId } : { runId, token };
  await checkOut(out, claim);
  const turn = await beginAlone(out).catch((error: unknown) => {
    throw explain(error, given);
  });
  const guard = async (): Promise<void> => {
    await turn.guard();
    await checkOut(out, claim);
  };
  // No two attempts share a name, so that a late one never meets the files of the one that took over.
  const name = `${STAGING}${safeName(runId)}-${randomBytes(4).toString('hex')}`;
  const staging = join(sideFolder(out), name);
  let isOver = false;
  const discard = async (): Promise<void> => {
    if (isOver) return;
    isOver = true;
    try {
      // Who was fenced leaves everything as it is.
      await guard();
      if (!(await isSwapping(out))) {
        await rm(staging, { recursive: true, force: true }).catch(() => undefined);
      }
    } finally {
      await turn.end();
    }
  };
  const orNotAtAll = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      // Whatever the failure looks like, being fenced explains it.
      await discard();
      throw explain(error, given);
    }
  };

  /** Where the folder is one partition of several, the manifest over all of them follows it. */
  const noteIt = async (): Promise<void> => {
    const { job, run } = input.plan;
    if (run.partitionsIn !== undefined) await notePartitions(run.partitionsIn, job);
  };

  return orNotAtAll(async () => {
    await recoverSwap(out, guard, () => undefined);
    await refuseForWhole(out, given, {
      hint: 'Move away what lies there, or give another --out; then resume.',
    });
    const earlier = await inspectOut(out);
    if (staysAsItIs(input, earlier)) {
      return {
        commit: async () => {
          await discard();
          await orNotAtAll(noteIt);
          return { files: 0, bytes: 0, kept: true };
        },
        discard,
      };
    }
    await makeFolder(staging);
    const files: readonly ManifestFile[] = await Promise.all(
      inOrder(input.files).map((file) => stage(file, staging, store)),
    );
    onPhase('staged');
    await writePapers(staging, input, files, now());
    await syncFolder(staging);
    onPhase('verified');
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    const gone = goneFrom(earlier, files);
    return {
      commit: () =>
        orNotAtAll(async () => {
          await swapIn(out, staging, { guard, onPhase });
          isOver = true;
          await turn.end();
          await noteIt();
          return { files: files.length, bytes, ...(gone.length === 0 ? {} : { gone }) };
        }),
      discard,
    };
  });
}

/**
 * Work on `out`, a resolved path, alone among all processes: one that was cut off is passed over, one that still works
 * is waited for. `guard` throws once this one was itself passed over.
 */
async function beginAlone(
  out: string,
): Promise<{ readonly guard: Guard; readonly end: () => Promise<void> }> {
  const side = sideFolder(out);
  const end = async (): Promise<void> => {
    // Stays while a lock, a journal or an old version is in it.
    await rmdir(side).catch(() => undefined);
  };
  try {
    const lease = await takeTurn(join(side, 'delivering'));
    return {
      guard: () => lease.check(),
      end: async () => {
        lease.release();
        await end();
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}
