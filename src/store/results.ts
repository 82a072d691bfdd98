/**
 * Step results by fingerprint. The first one written stays.
 *
 * 1. A result is written after its artifacts, so whoever finds one finds them too.
 * 2. One whose artifacts are missing or damaged is dropped and counts as absent: its step runs again.
 * 3. What was written in an earlier boot is hashed again, once: a power loss may have damaged it.
 */

import { readFileSync } from 'node:fs';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { createFile, removeIfUnchanged, replaceFile } from '../os/atomic.ts';
import { inClearWords } from './fs-failure.ts';
import { safeName } from '../os/safe-name.ts';

import type { Artifacts } from './artifacts.ts';
import type { Store, StoredResult } from './store.ts';

export type Results = Pick<Store, 'findResult' | 'putResult' | 'latestOf'>;

/** More rivals than ever write one fingerprint; beyond it the folder itself misbehaves. */
const MOST_TRIES = 5;

/** The results part of a local store. */
export function openResults(
  root: string,
  tmp: string,
  artifacts: Pick<Artifacts, 'verify'>,
  bootId: string,
): Results {
  const pathOf = (fingerprint: string): string => {
    const name = safeName(fingerprint);
    return join(root, 'results', name.slice(0, 2), `${name}.json`);
  };
  const verifiedMark = (fingerprint: string): string =>
    join(root, 'verified', bootId, safeName(fingerprint));
  const latestPath = ({ job, profile, id }: NonNullable<StoredResult['step']>): string =>
    join(root, 'latest', safeName(job), safeName(profile), `${safeName(id)}.json`);

  /** Made here rather than by a thread: most looks find nothing, and a result is small. */
  const readText = (fingerprint: string): string | undefined => {
    try {
      return readFileSync(pathOf(fingerprint), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  };

  const isSound = async (stored: StoredResult): Promise<boolean> => {
    const { fingerprint, outputs } = stored.result;
    const refs = Object.values(outputs);
    const mark = verifiedMark(fingerprint);
    const deep = stored.bootId !== bootId && refs.length > 0 && !(await exists(mark));
    for (const ref of refs) {
      if (!(await artifacts.verify(ref, { deep }))) return false;
    }
    if (deep) await noteSound(mark);
    return true;
  };

  const findResult = async (fingerprint: string): Promise<StoredResult | undefined> => {
    const text = readText(fingerprint);
    if (text === undefined) return undefined;
    const stored = parseResult(text, fingerprint);
    if (stored !== undefined && (await isSound(stored))) return stored;
    await removeIfUnchanged(pathOf(fingerprint), text, { tmp });
    return undefined;
  };

  const noteLatest = async (stored: StoredResult): Promise<void> => {
    if (stored.step === undefined) return;
    const path = latestPath(stored.step);
    const text = JSON.stringify({ fingerprint: stored.result.fingerprint });
    await replaceFile(path, text, { tmp }).catch(async () => {
      await mkdir(dirname(path), { recursive: true });
      await replaceFile(path, text, { tmp });
    });
  };

  const putResult = async (fingerprint: string, stored: StoredResult): Promise<StoredResult> => {
    const sync = Object.keys(stored.result.outputs).length > 0;
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const text = JSON.stringify(stored);
      const isMine = await createFile(pathOf(fingerprint), text, { tmp, sync });
      const winner = isMine ? stored : await findResult(fingerprint);
      if (winner === undefined) continue;
      await noteLatest(winner);
      return winner;
    }
    throw new Error(`the result ${pathOf(fingerprint)} can be neither written nor read`);
  };

  return {
    findResult: (fingerprint) =>
      inClearWords('read the result', pathOf(fingerprint), () => findResult(fingerprint)),
    putResult: (fingerprint, stored) =>
      inClearWords('write the result', pathOf(fingerprint), () => putResult(fingerprint, stored)),
    latestOf: async (job, profile, step) => {
      const path = latestPath({ job, profile, id: step });
      const pointer = parseObject(await readFile(path, 'utf8').catch(() => ''));
      if (typeof pointer?.['fingerprint'] !== 'string') return undefined;
      const text = readText(pointer['fingerprint']);
      return text === undefined ? undefined : parseResult(text, pointer['fingerprint']);
    },
  };
}

/** The mark only saves work: where it cannot be written, the next look hashes again. */
async function noteSound(mark: string): Promise<void> {
  await mkdir(dirname(mark), { recursive: true })
    .then(() => writeFile(mark, ''))
    .catch(() => undefined);
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

/** The result a file holds; undefined if its bytes are not a whole result of this fingerprint. */
function parseResult(text: string, fingerprint: string): StoredResult | undefined {
  const stored = parseObject(text) as StoredResult | undefined;
  return stored?.result?.fingerprint === fingerprint ? stored : undefined;
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}
