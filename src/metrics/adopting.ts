/**
 * Lets one long-lived exporter of a store count what processes without one do: its name is written into the journal, and from then on each of their facts is appended under it. When its process is gone, the next one takes over.
 */

import type { RunJournal, Turn } from '../store/store.ts';

const TRY_EVERY_MS = 10_000;

/** Tries it now, and again and again while another process has it. Never rejects: without it others count less. */
export async function keepAdopting({
  store,
  exporter,
  turn,
}: {
  readonly store: Pick<RunJournal, 'append' | 'adopter'>;
  readonly exporter: string;
  readonly turn: Turn;
}): Promise<{ stop(): void }> {
  let lease: Awaited<ReturnType<Turn['take']>>;
  let isOver = false;
  const taken = async (): ReturnType<Turn['take']> => {
    const found = await turn.take();
    void found?.lost.then(() => (lease = undefined));
    return found;
  };
  const attempt = async (): Promise<void> => {
    lease ??= await taken();
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
