/** A store in a fresh folder, and the plainest things to put into it. */

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { NO_SUMS } from '../../src/store/folds/sums.ts';
import { openLocalStore } from '../../src/store/local.ts';

import type { ArtifactRef } from '../../src/model/step-result.ts';
import type { Fact, StoredResult } from '../../src/store/entries.ts';
import type { Sums } from '../../src/store/folds/sums.ts';
import type { Store } from '../../src/store/store.ts';

export const FINGERPRINT = 'f'.repeat(64);

/** Gives the test a fresh folder, removed afterwards. */
export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'builder-store-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Gives the test an empty store in `<folder>/store`, written in the boot named 'boot-1'. */
export async function withStore(
  work: (store: Store, folder: string) => Promise<void>,
): Promise<void> {
  await withFolder(async (folder) => work(await storeIn(folder), folder));
}

/** Opens the store of `folder` as another process would, maybe after another boot. */
export function storeIn(folder: string, bootId = 'boot-1'): Promise<Store> {
  return openLocalStore(join(folder, 'store'), { bootId });
}

/** Writes a file, folders included, and answers its path. */
export async function fileIn(folder: string, name: string, content: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  return path;
}

/** A result as a step would store it. */
export function resultOf(
  outputs: Readonly<Record<string, ArtifactRef>> = {},
  changes: Partial<StoredResult> = {},
  fingerprint = FINGERPRINT,
): StoredResult {
  return {
    result: { fingerprint, outputs, values: {} },
    step: { job: 'job', profile: 'profile', id: 'step' },
    runId: 'run-1',
    writtenAtMs: 1,
    durationMs: 10,
    ingredients: { kind: 'transform.sql' },
    columns: { table: [{ name: 'id', type: 'BIGINT' }] },
    bootId: 'boot-1',
    ...changes,
  };
}

/** The fact that a run ended well. */
export function factOf(changes: Partial<Fact> = {}): Fact {
  return {
    runId: 'run-1',
    generation: 1,
    job: 'job',
    profile: 'profile',
    atMs: 1,
    exporter: '9099',
    type: 'run',
    status: 'OK',
    startedAtMs: 0,
    durationMs: 1,
    ...changes,
  } as Fact;
}

/** What an exporter counts in a store. */
export async function sumsOn(store: Pick<Store, 'changes'>, exporter: string): Promise<Sums> {
  const changes = await store.changes();
  return ('all' in changes ? changes.all.sums[exporter] : undefined) ?? NO_SUMS;
}
