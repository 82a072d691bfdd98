/** The two files that describe a delivery in its folder: `manifest.json`, what it holds, and `run.json`, how it was made. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { stepRecordOf } from '../../model/run-record.ts';

import type { PublicRecord } from '../../model/run-record.ts';
import type { DeliverInput } from '../../model/step-result.ts';
import type { Manifest, ManifestFile } from './inspect-out.ts';

/** Writes both into a folder, their bytes on disk. */
export async function writePapers(
  folder: string,
  input: DeliverInput,
  files: readonly ManifestFile[],
  finishedAtMs: number,
): Promise<void> {
  await writeSynced(join(folder, 'manifest.json'), manifestOf(input, files));
  await writeSynced(join(folder, 'run.json'), recordOf(input, finishedAtMs));
}

function manifestOf(input: DeliverInput, files: readonly ManifestFile[]): Manifest {
  const { job, profile, params } = input.plan;
  return {
    format: 1,
    job,
    profile,
    ...partitionOf(input),
    params,
    plan_sha256: input.planSha256,
    files,
  };
}

function recordOf(input: DeliverInput, finishedAtMs: number): PublicRecord {
  const { run, job, profile, params } = input.plan;
  return {
    run_id: run.id,
    job,
    profile,
    ...partitionOf(input),
    ...(input.plan.only === undefined ? {} : { only: input.plan.only }),
    status: input.status,
    plan_sha256: input.planSha256,
    params,
    started_at: new Date(input.startedAtMs).toISOString(),
    finished_at: new Date(finishedAtMs).toISOString(),
    steps: input.outcomes.map(stepRecordOf),
  };
}

function partitionOf({ plan }: DeliverInput): Pick<Manifest, 'partition'> {
  return plan.partition === undefined ? {} : { partition: plan.partition.id };
}

async function writeSynced(path: string, value: unknown): Promise<void> {
  await writeFile(path, `${JSON.stringify(value, null, 2)}\n`, { flush: true });
}
