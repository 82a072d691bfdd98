/**
 * The runs of many partitions, or of many jobs, so many at once. It only orders them: which there are and what became of each is
 * on record in the project's folder, so it can be ended and started again at any moment.
 *
 * 1. A run that fails stops no other one.
 * 2. Paused, it begins nothing; what goes on ends. Cancelled, it ends once its runs have.
 */

import {
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  setHandler,
} from '@temporalio/workflow';

import { labelOf, orderOf } from '../model/standing-order.ts';
import { makeRun, nextPartitions } from './order-activities.ts';

import type { BackfillProgress, BackfillSpec } from '../model/backfill.ts';

export const pauseSignal = defineSignal('pause');
export const resumeSignal = defineSignal('resume');
export const backfillQuery = defineQuery<BackfillProgress>('backfillProgress');

/** Ends when every run has; fails only if it was cancelled, or its orders are refused. */
export async function backfill(spec: BackfillSpec): Promise<BackfillProgress> {
  const { order, atMs, atMost, pageSize, from = 0 } = spec;
  let { paused } = spec;
  let total = from;
  let ended = from;
  const running = new Set<string>();
  const progress = (): BackfillProgress => ({ ended, total, running: [...running], paused });
  setHandler(pauseSignal, () => void (paused = true));
  setHandler(resumeSignal, () => void (paused = false));
  setHandler(backfillQuery, progress);

  const page = await nextPartitions({ order, from, limit: pageSize });
  total = page.total;
  ended = page.next - (page.orders ?? page.partitions).length;
  const orders =
    page.orders ?? page.partitions.map((partition) => orderOf(order, { partition, atMs }));
  const waiting = orders.values();
  let broken: unknown;
  /** Makes one run after another. */
  const lane = async (): Promise<void> => {
    for (;;) {
      if (paused) await condition(() => !paused);
      const next = waiting.next();
      if (next.done === true || broken !== undefined) return;
      const one = next.value;
      const label = labelOf(one.order, one.partition);
      running.add(label);
      try {
        await makeRun({ ...one, beside: atMost });
      } catch (error) {
        broken ??= error;
        return;
      } finally {
        running.delete(label);
        ended += 1;
      }
    }
  };
  const lanes = Array.from({ length: Math.min(atMost, orders.length) }, lane);
  for (const { reason } of (await Promise.allSettled(lanes)).filter(isRejected)) broken ??= reason;
  if (broken !== undefined) throw broken;
  if (page.next < total) await continueAsNew<typeof backfill>({ ...spec, from: page.next, paused });
  return progress();
}

function isRejected(settled: PromiseSettledResult<void>): settled is PromiseRejectedResult {
  return settled.status === 'rejected';
}
