/**
 * Logs of steps in a bucket, `logs/RUN/STEP/PLACE`: what each state folder that executed attempts has written. They are
 * for people: one that cannot be kept is missed by nobody else.
 */

import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { hostname } from 'node:os';

import type { StepLogs } from '../store.ts';
import type { Objects } from './objects.ts';

/** Of a longer log the end is kept. */
const MOST_BYTES = 256 * 1024;
const CUT = 'the beginning is in the state folder of the machine that wrote it\n';

const LOGS = 'logs/';

export type S3Logs = StepLogs & {
  /** Takes away what was kept of runs. */
  remove(runIds: Iterable<string>): Promise<void>;
  settled(): Promise<void>;
};

/** Logs of a store. `folder`: a place on this machine that no other process group shares. */
export function openS3Logs(objects: Objects, folder: string): S3Logs {
  const place = createHash('sha256').update(`${hostname()}\n${folder}`).digest('hex').slice(0, 16);
  const going = new Set<Promise<void>>();
  const prefixOf = (runId: string): string => `${LOGS}${runId}/`;

  const send = async (runId: string, step: string, file: string): Promise<void> => {
    const bytes = await endOf(file);
    await objects.replace(`${prefixOf(runId)}${encodeURIComponent(step)}/${place}`, bytes);
  };
  return {
    keep: (runId, step, file) => {
      const sent = send(runId, step, file)
        .catch(() => undefined)
        .finally(() => going.delete(sent));
      going.add(sent);
    },
    others: async (runId, isWanted) => {
      const texts = new Map<string, string>();
      for await (const { key } of objects.listAll(prefixOf(runId))) {
        const [step = '', from] = key.slice(prefixOf(runId).length).split('/');
        const id = decodeURIComponent(step);
        if (from === place || !isWanted(id)) continue;
        const { bytes } = await objects.read(key);
        texts.set(id, (texts.get(id) ?? '') + (bytes?.toString('utf8') ?? ''));
      }
      return texts;
    },
    remove: async (runIds) => {
      for (const runId of runIds) {
        const keys: string[] = [];
        for await (const { key } of objects.listAll(prefixOf(runId))) keys.push(key);
        await objects.remove(keys);
      }
    },
    settled: async () => {
      await Promise.all(going);
    },
  };
}

async function endOf(path: string): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const from = Math.max(0, size - MOST_BYTES);
    const bytes = Buffer.alloc(size - from);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, from);
    const end = bytes.subarray(0, bytesRead);
    if (from === 0) return end;
    return Buffer.concat([Buffer.from(CUT), end.subarray(end.indexOf(10) + 1)]);
  } finally {
    await file.close();
  }
}
