/**
 * An `--out` that holds a folder for each partition, and `manifest.json` over all of them. That manifest is made from
 * what lies there, so whatever was killed, the next delivery or command makes it right.
 */

import { readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';

import { replaceFile, sweepTemporary } from '../../os/atomic.ts';
import { hashText } from '../../os/hashing.ts';
import { withLease } from '../../os/lease-turn.ts';
import { makeFolder } from '../../os/make-folder.ts';
import { explainFsFailure } from '../../store/fs-failure.ts';
import { inspectOut, isAbsent } from './inspect-out.ts';
import { sideFolder } from './out-path.ts';
import { refuseForPartitions } from './refuse-out.ts';
import { asideOf, isSwapped } from './swap.ts';

import type { DeliveredPartition, OutState, PartitionsManifest } from './inspect-out.ts';

/**
 * Makes `base`, a resolved path, ready for partitions of a job.
 * @throws UserError OUT_NOT_OURS, OUT_OTHER_FORM; nothing is touched
 */
export async function openPartitions(base: string, job: string, shown: string): Promise<void> {
  await refuseForPartitions(base, job, shown);
  try {
    await makeFolder(base);
    await notePartitions(base, job);
  } catch (error) {
    throw explainFsFailure(error, 'write to --out, in', base);
  }
}

/** Writes down which partitions lie in `base`. Harmless at any time, by any process. */
export async function notePartitions(base: string, job: string): Promise<void> {
  const side = sideFolder(base);
  await withLease(join(side, 'partitions'), async (lease) => {
    await sweepTemporary(base);
    const manifest: PartitionsManifest = { format: 1, job, partitions: await partitionsIn(base) };
    lease.check();
    await replaceFile(join(base, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`, {
      sync: true,
    });
  });
  await rmdir(side).catch(() => undefined);
}

/** The partitions that lie in a folder, by name; of one that is being replaced its version before or after. */
export async function partitionsIn(base: string): Promise<readonly DeliveredPartition[]> {
  const names = await readdir(base).catch((error: unknown) => {
    if (isAbsent(error)) return [];
    throw error;
  });
  const before = await inspectOut(base);
  // One that is replaced right now has no folder for a moment.
  const known = before.state === 'partitions' ? before.manifest.partitions.map(({ id }) => id) : [];
  const found: DeliveredPartition[] = [];
  for (const name of [...new Set([...names, ...known])].toSorted()) {
    if (name.startsWith('.')) continue;
    const one = await inspectVersion(join(base, name));
    if (one.state !== 'ours' || one.manifest.partition !== name) continue;
    const { files, plan_sha256 } = one.manifest;
    const rows = files.reduce((sum, file) => sum + (file.rows ?? 0), 0);
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    const manifest_sha256 = hashText(one.text);
    found.push({ id: name, plan_sha256, manifest_sha256, files: files.length, rows, bytes });
  }
  return found;
}

/** What is renamed between two looks is looked for again; nothing is renamed that often. */
const LOOKS = 20;

async function inspectVersion(out: string): Promise<OutState> {
  for (let looks = 1; ; looks += 1) {
    const now = await inspectOut(out);
    if (now.state !== 'absent') return now;
    const aside = await inspectOut(asideOf(out));
    if (aside.state === 'ours') return aside;
    if (looks === LOOKS || !(await isSwapped(out))) return inspectOut(out);
  }
}
