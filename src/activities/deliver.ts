/** Puts the exports of a run into `--out` as a whole: staged beside it, verified, synced, then swapped in. */

import { constants } from 'node:fs';
import { lstat, mkdir, open, realpath, rm, writeFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';

import { stepRecordOf } from '../model/run-record.ts';
import { syncFolder } from '../store/atomic.ts';
import { hashFile } from '../store/hashing.ts';
import { sideFolder } from '../store/out-lock.ts';
import { inspectOut } from './delivery/inspect-out.ts';
import { swapIn } from './delivery/journal.ts';

import type { PublicRecord } from '../model/run-record.ts';
import type { DeliverFile, DeliverInput, DeliverResult } from '../model/step-result.ts';
import type { Store } from '../store/store.ts';
import type { Manifest, ManifestFile } from './delivery/inspect-out.ts';
import type { Phase } from './delivery/journal.ts';

export { inspectOut, previousRows } from './delivery/inspect-out.ts';
export { recoverDelivery } from './delivery/journal.ts';

/** Delivers. `onPhase` is for tests. @throws Error saying what stands in the way; `--out` is then as it was */
export async function deliverInto(options: {
  readonly input: DeliverInput;
  readonly store: Store;
  readonly onPhase?: (phase: Phase) => void;
  readonly now?: () => number;
}): Promise<DeliverResult> {
  const { input, store, onPhase = () => undefined, now = Date.now } = options;
  const given = input.plan.run.out;
  if (given === undefined) throw new Error('this run has no --out');
  const out = await resolveOut(given);
  const found = await inspectOut(out);
  if (found.state === 'foreign') {
    throw new Error(`${given} is not empty and was not made by a delivery; nothing was touched`);
  }
  const side = sideFolder(out);
  const staging = join(side, `staging-${input.plan.run.id}`);
  await rm(staging, { recursive: true, force: true });
  await mkdir(staging, { recursive: true });
  try {
    const sorted = [...input.files].sort((a, b) => (a.path < b.path ? -1 : 1));
    const files = await Promise.all(sorted.map((file) => stage(file, staging, store)));
    onPhase('staged');
    const { job, profile, params } = input.plan;
    const manifest: Manifest = {
      format: 1,
      job,
      profile,
      params,
      plan_sha256: input.planSha256,
      files,
    };
    await writeSynced(join(staging, 'manifest.json'), manifest);
    await writeSynced(join(staging, 'run.json'), recordOf(input, now()));
    await syncFolder(staging);
    onPhase('verified');
    await swapIn(out, staging, onPhase);
    return { files: files.length, bytes: files.reduce((sum, file) => sum + file.bytes, 0) };
  } catch (error) {
    await rm(staging, { recursive: true, force: true }).catch(() => undefined);
    throw explain(error, given);
  }
}

async function stage(file: DeliverFile, staging: string, store: Store): Promise<ManifestFile> {
  const path = normalize(file.path);
  if (
    path.startsWith('..') ||
    path.startsWith('/') ||
    path === 'manifest.json' ||
    path === 'run.json'
  ) {
    throw new Error(`the export ${file.path} would lie outside the delivery or replace its record`);
  }
  const target = join(staging, path);
  await mkdir(dirname(target), { recursive: true });
  await store.copyTo(file.artifact, target);
  const { sha256, bytes, rows } = file.artifact;
  if ((await hashFile(target)) !== sha256) {
    throw new Error(
      `the stored bytes of ${file.path} are damaged; run again with \`resume\` to make them anew`,
    );
  }
  const handle = await open(target, constants.O_RDONLY);
  await handle.sync().finally(() => handle.close());
  await syncFolder(dirname(target));
  const columns = (await store.findResult(file.fingerprint))?.columns[file.output];
  return {
    path,
    sha256,
    bytes,
    ...(rows === undefined ? {} : { rows }),
    ...(columns === undefined ? {} : { columns }),
    from: file.from,
  };
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

/** The folder that `--out` means: a link there stays a link, and what it points to is replaced. */
export async function resolveOut(out: string): Promise<string> {
  const info = await lstat(out).catch(() => undefined);
  return info?.isSymbolicLink() === true ? realpath(out) : out;
}

function explain(error: unknown, out: string): Error {
  const code = (error as NodeJS.ErrnoException).code;
  const why: Readonly<Record<string, string>> = {
    ENOSPC: 'the disk is full',
    EACCES: 'its folder may not be written by this user',
    EPERM: 'its folder may not be written by this user',
    EROFS: 'its filesystem is read-only',
    EBUSY: 'it is a mount point or in use; give a folder inside it',
    EXDEV: 'it is a mount point; give a folder inside it',
  };
  const known = code === undefined ? undefined : why[code];
  if (known === undefined) return error instanceof Error ? error : new Error(String(error));
  return new Error(`${out} cannot be written: ${known}; an earlier delivery there is untouched`, {
    cause: error,
  });
}
