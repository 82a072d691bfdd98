/**
 * Lets one long-lived exporter of a store count what processes without one do: its name is written into the journal, and from then on each of their facts is appended under it. When its process is gone, the next one takes over.
 */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { readHolder, takeLease } from '../os/lease.ts';

import type { Lease } from '../os/lease.ts';
import type { RunJournal } from '../store/store.ts';

const TRY_EVERY_MS = 10_000;

/** Tries it now, and again and again while another process has it. Never rejects: without it others count less. */
export async function keepAdopting({
  store,
  exporter,
  folder,
}: {
  readonly store: Pick<RunJournal, 'append' | 'adopter'>;
  readonly exporter: string;
  readonly folder: string;
}): Promise<{ stop(): void }> {
  let lease: Lease | undefined;
  let isOver = false;
  const attempt = async (): Promise<void> => {
    lease ??= await take(leaseIn(folder));
    if (lease === undefined || isOver) return lease?.release();
    if ((await store.adopter()) === exporter) return;
    await store.append([{ type: 'adopter', exporter, atMs: Date.now() }]);
  };
  // One at a time: a second one would find the lease taken, by the first, and forget that it is ours.
  let trying: Promise<void> | undefined;
  const tryIt = (): Promise<void> =>
    (trying ??= attempt()
      .catch(() => undefined)
      .finally(() => (trying = undefined)));
  const take = async (path: string): Promise<Lease | undefined> => {
    await mkdir(folder, { recursive: true });
    const taken = await takeLease(path);
    if (!taken.taken) return undefined;
    void taken.lease.lost.then(() => (lease = undefined));
    return taken.lease;
  };
  await tryIt();
  const timer = setInterval(() => void tryIt(), TRY_EVERY_MS).unref();
  return {
    stop: () => {
      isOver = true;
      clearInterval(timer);
      lease?.release();
    },
  };
}

/** True while a long-lived exporter of the store lives. */
export function isAdopted(folder: string): boolean {
  return readHolder(leaseIn(folder))?.isFree === false;
}

function leaseIn(folder: string): string {
  return join(folder, 'adopter');
}
