/** Step results by fingerprint. The first one written stays; one whose artifacts are damaged counts as absent. */

import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { createFile, replaceFile } from './atomic.ts';

import type { Artifacts } from './artifacts.ts';
import type { Store, StoredResult } from './store.ts';

export type Results = Pick<Store, 'findResult' | 'putResult' | 'latestOf'>;

/** The results part of a local store. */
export function openResults(
  root: string,
  tmp: string,
  artifacts: Artifacts,
  bootId: string,
): Results {
  const pathOf = (fingerprint: string): string =>
    join(root, 'results', fingerprint.slice(0, 2), `${fingerprint}.json`);
  const verifiedMark = (fingerprint: string): string => join(root, 'verified', bootId, fingerprint);
  const latestPath = (job: string, profile: string, step: string): string =>
    join(root, 'latest', encodeURIComponent(job), encodeURIComponent(profile), `${step}.json`);

  const read = async (fingerprint: string): Promise<StoredResult | undefined> => {
    const text = await readFile(pathOf(fingerprint), 'utf8').catch(() => undefined);
    if (text === undefined) return undefined;
    try {
      return JSON.parse(text) as StoredResult;
    } catch {
      return undefined;
    }
  };

  const isSound = async (fingerprint: string, stored: StoredResult): Promise<boolean> => {
    const outputs = Object.values(stored.result.outputs);
    const marked =
      stored.bootId === bootId ||
      outputs.length === 0 ||
      (await stat(verifiedMark(fingerprint)).catch(() => undefined)) !== undefined;
    for (const output of outputs) {
      if (!(await artifacts.verify(output, { deep: !marked }))) return false;
    }
    if (!marked) {
      await mkdir(dirname(verifiedMark(fingerprint)), { recursive: true });
      await writeFile(verifiedMark(fingerprint), '');
    }
    return true;
  };

  const findResult = async (fingerprint: string): Promise<StoredResult | undefined> => {
    const stored = await read(fingerprint);
    if (stored !== undefined && (await isSound(fingerprint, stored))) return stored;
    await drop(fingerprint);
    return undefined;
  };

  /** A damaged result and its damaged artifacts make room for new ones. */
  const drop = async (fingerprint: string): Promise<void> => {
    const stored = await read(fingerprint);
    for (const output of Object.values(stored?.result.outputs ?? {})) {
      if (!(await artifacts.verify(output, { deep: true }))) {
        await rm(artifacts.pathOf(output), { force: true });
      }
    }
    await rm(pathOf(fingerprint), { force: true });
  };

  return {
    findResult,
    putResult: async (fingerprint, stored) => {
      const hasArtifacts = Object.keys(stored.result.outputs).length > 0;
      const created = await createFile(pathOf(fingerprint), JSON.stringify(stored), {
        tmp,
        sync: hasArtifacts,
      });
      const winner = created ? stored : ((await read(fingerprint)) ?? stored);
      const { job, profile, id } = winner.step;
      const latest = latestPath(job, profile, id);
      await replaceFile(latest, JSON.stringify({ fingerprint })).catch(async () => {
        await mkdir(dirname(latest), { recursive: true });
        await replaceFile(latest, JSON.stringify({ fingerprint }));
      });
      return winner;
    },
    latestOf: async (job, profile, step) => {
      const text = await readFile(latestPath(job, profile, step), 'utf8').catch(() => undefined);
      if (text === undefined) return undefined;
      const { fingerprint } = JSON.parse(text) as { fingerprint: string };
      return read(fingerprint);
    },
  };
}
