/** What lies at `--out`: nothing, an earlier delivery, partitions, or something that is not ours and stays untouched. */

import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { isTemporaryName } from '../../os/atomic.ts';
import { isSideFolder } from './out-path.ts';

import type { Scalar } from '../../model/plan.ts';
import type { Column } from '../../model/column.ts';
import type { PublicRecord } from '../../model/run-record.ts';

const FINGERPRINT = /^[0-9a-f]{64}$/;

export type ManifestFile = {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly rows?: number;
  readonly columns?: readonly Column[];
  readonly from: string;
};

/** `manifest.json` of a delivery. No run id and no time in it: equal content, equal bytes. */
export type Manifest = {
  readonly format: 1;
  readonly job: string;
  readonly profile: string;
  /** Absent where the job is not cut. */
  readonly partition?: string;
  readonly params: Readonly<Record<string, Scalar>>;
  readonly plan_sha256: string;
  readonly files: readonly ManifestFile[];
};

/** What a partition's own manifest says, in short. */
export type DeliveredPartition = {
  readonly id: string;
  readonly plan_sha256: string;
  readonly manifest_sha256: string;
  readonly files: number;
  readonly rows: number;
  readonly bytes: number;
};

/** `manifest.json` over the partitions of a job. */
export type PartitionsManifest = {
  readonly format: 1;
  readonly job: string;
  readonly partitions: readonly DeliveredPartition[];
};

export type OutState =
  | { readonly state: 'absent' | 'empty' }
  | { readonly state: 'foreign'; readonly isFile?: true }
  | { readonly state: 'ours'; readonly manifest: Manifest; readonly text: string }
  | { readonly state: 'partitions'; readonly manifest: PartitionsManifest };

/** Looks at `--out` without touching it; while it is replaced, at one of both versions, or finds it absent. */
export async function inspectOut(out: string): Promise<OutState> {
  const info = await stat(out).catch(unlessAbsent);
  if (info === undefined) return { state: 'absent' };
  if (!info.isDirectory()) return { state: 'foreign', isFile: true };
  const names = await readdir(out).catch(unlessAbsent);
  if (names === undefined) return { state: 'absent' };
  if (names.length === 0) return { state: 'empty' };
  // What can be read another time is not taken for something else.
  const text = await readFile(join(out, 'manifest.json'), 'utf8').catch(unlessAbsent);
  if (text === undefined) {
    const now = await stat(out).catch(unlessAbsent);
    if (now?.ino !== info.ino) return inspectOut(out);
  }
  // Another run begins the folder at this moment, or was killed while it did.
  if (text === undefined) return { state: names.every(isBegun) ? 'empty' : 'foreign' };
  try {
    const manifest = JSON.parse(text) as Manifest & PartitionsManifest;
    if (manifest.format !== 1) return { state: 'foreign' };
    if (Array.isArray(manifest.files) && typeof manifest.plan_sha256 === 'string') {
      return { state: 'ours', manifest, text };
    }
    const isOfAll = Array.isArray(manifest.partitions) && typeof manifest.job === 'string';
    return isOfAll ? { state: 'partitions', manifest } : { state: 'foreign' };
  } catch {
    return { state: 'foreign' };
  }
}

function unlessAbsent(error: unknown): undefined {
  if (!isAbsent(error)) throw error;
}

function isBegun(name: string): boolean {
  return isTemporaryName(name) || isSideFolder(name);
}

/** True for a failure that says that nothing of that kind is there, or that nobody lets this user see it. */
export function isAbsent(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return ['ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES', 'EPERM', 'ELOOP'].includes(code ?? '');
}

/** Rows of each `step` or `step.output` in the delivery that lies at `out`. */
export async function previousRows(out: string): Promise<Readonly<Record<string, number>>> {
  const found = await inspectOut(out);
  if (found.state !== 'ours') return {};
  return Object.fromEntries(
    found.manifest.files.flatMap(({ from, rows }) => (rows === undefined ? [] : [[from, rows]])),
  );
}

/**
 * Fingerprint of each step's result in the delivery of this job and profile that lies at `out`, by step; undefined where
 * none does. Its `run.json` is a file that anybody may have changed: what does not look like one is left out.
 */
export async function previousResults(
  out: string,
  { job, profile }: { readonly job: string; readonly profile: string },
): Promise<Readonly<Record<string, string>> | undefined> {
  const found = await inspectOut(out);
  if (found.state !== 'ours') return undefined;
  if (found.manifest.job !== job || found.manifest.profile !== profile) return undefined;
  const text = await readFile(join(out, 'run.json'), 'utf8').catch(() => '{}');
  try {
    const { steps = [] } = JSON.parse(text) as Partial<Pick<PublicRecord, 'steps'>>;
    return Object.fromEntries(
      steps.flatMap(({ id, fingerprint }): [string, string][] =>
        typeof fingerprint === 'string' && FINGERPRINT.test(fingerprint) ? [[id, fingerprint]] : [],
      ),
    );
  } catch {
    return undefined;
  }
}
