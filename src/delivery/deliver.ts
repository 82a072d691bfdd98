/** Puts the exports of a run into `--out` as a whole: staged beside it, verified, synced, then swapped in. */

import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { UserError } from '../model/errors.ts';
import { stepRecordOf } from '../model/run-record.ts';
import { syncFolder } from '../os/atomic.ts';
import { makeFolder } from '../os/make-folder.ts';
import { checkOut } from './out-lock.ts';
import { resolveOut, sideFolder } from './out-path.ts';
import { safeName } from '../os/safe-name.ts';
import { inspectOut } from './inspect-out.ts';
import { alone, isSwapping, recoverAlone, STAGING, swapIn } from './swap.ts';
import { inOrder, stage } from './stage.ts';

import type { PublicRecord } from '../model/run-record.ts';
import type { DeliverInput, DeliverResult } from '../model/step-result.ts';
import type { Store } from '../store/store.ts';
import type { Manifest, ManifestFile } from './inspect-out.ts';
import type { Guard, Phase } from './swap.ts';

export { inspectOut, previousRows } from './inspect-out.ts';
export { recoverDelivery } from './swap.ts';
export { resolveOut } from './out-path.ts';

export type DeliverOptions = {
  readonly input: DeliverInput;
  readonly store: Store;
  /** For tests. */
  readonly onPhase?: (phase: Phase) => void;
  readonly now?: () => number;
};

/**
 * Delivers, after finishing a delivery that was cut off there. An attempt that starts while an earlier
 * one, thought lost, still works waits for it.
 * @throws Error saying what stands in the way; `--out` is then as it was
 */
export async function deliverInto(options: DeliverOptions): Promise<DeliverResult> {
  const given = options.input.plan.run.out;
  if (given === undefined) throw new Error('this run has no --out');
  const out = await resolveOut(given);
  const { id: runId, outToken: token } = options.input.plan.run;
  const claim = token === undefined ? { runId } : { runId, token };
  await checkOut(out, claim);
  try {
    return await alone(out, async (guard) =>
      deliverAlone(out, given, options, async () => {
        await guard();
        await checkOut(out, claim);
      }),
    );
  } catch (error) {
    throw explain(error, given);
  }
}

async function deliverAlone(
  out: string,
  given: string,
  { input, store, onPhase = () => undefined, now = Date.now }: DeliverOptions,
  guard: Guard,
): Promise<DeliverResult> {
  // No two attempts share a name, so that a late one never meets the files of the one that took over.
  const name = `${STAGING}${safeName(input.plan.run.id)}-${randomBytes(4).toString('hex')}`;
  const staging = join(sideFolder(out), name);
  try {
    await recoverAlone(out, guard, () => undefined);
    await refuseForeign(out, given);
    await makeFolder(staging);
    const files = await Promise.all(
      inOrder(input.files).map((file) => stage(file, staging, store)),
    );
    onPhase('staged');
    await writeSynced(join(staging, 'manifest.json'), manifestOf(input, files));
    await writeSynced(join(staging, 'run.json'), recordOf(input, now()));
    await syncFolder(staging);
    onPhase('verified');
    await swapIn(out, staging, { guard, onPhase });
    return { files: files.length, bytes: files.reduce((sum, file) => sum + file.bytes, 0) };
  } catch (error) {
    // Whatever the failure looks like, being fenced explains it, and leaves nothing to clean up.
    await guard();
    if (!(await isSwapping(out))) {
      await rm(staging, { recursive: true, force: true }).catch(() => undefined);
    }
    throw error;
  }
}

async function refuseForeign(out: string, given: string): Promise<void> {
  if ((await inspectOut(out)).state !== 'foreign') return;
  throw new UserError(
    'OUT_NOT_OURS',
    `${given} is not empty and was not made by a delivery; nothing was touched`,
    { hint: 'Empty it yourself, or give another --out; then resume.' },
  );
}

function manifestOf(input: DeliverInput, files: readonly ManifestFile[]): Manifest {
  const { job, profile, params } = input.plan;
  return { format: 1, job, profile, params, plan_sha256: input.planSha256, files };
}

function recordOf(input: DeliverInput, finishedAtMs: number): PublicRecord {
  const { run, job, profile, params } = input.plan;
  return {
    run_id: run.id,
    job,
    profile,
    status: input.status,
    plan_sha256: input.planSha256,
    params,
    started_at: new Date(input.startedAtMs).toISOString(),
    finished_at: new Date(finishedAtMs).toISOString(),
    steps: input.outcomes.map(stepRecordOf),
  };
}

async function writeSynced(path: string, value: unknown): Promise<void> {
  await writeFile(path, `${JSON.stringify(value, null, 2)}\n`, { flush: true });
}

/** Said of what only its user can mend. */
const HINT = 'Mend it, then resume: every finished step is kept.';

const REASONS: Readonly<Record<string, string>> = Object.freeze({
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'its folder may not be written by this user',
  EPERM: 'its folder may not be written by this user',
  EROFS: 'its filesystem is read-only',
  EBUSY: 'it is a mount point or in use; give a folder inside it',
  EXDEV: 'it is a mount point; give a folder inside it',
  ENOTDIR: 'a part of its path is a file',
});

function explain(error: unknown, out: string): Error {
  const known = reasonOf(error);
  if (known === undefined) return error instanceof Error ? error : new Error(String(error));
  const isFull = known === REASONS['ENOSPC'] || known === REASONS['EDQUOT'];
  return new UserError(
    isFull ? 'OUT_OF_SPACE' : 'DELIVERY_FAILED',
    `${out} cannot be written: ${known}; an earlier delivery there is untouched`,
    { hint: HINT, cause: error },
  );
}

/** What the filesystem said, also where the store has put it into its own words. */
function reasonOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, cause } = error as { readonly code?: string; readonly cause?: unknown };
  return REASONS[code ?? ''] ?? reasonOf(cause);
}
