/** What the workflow of a backfill asks of its record: which partitions come next, and to write down what no run tells. */

import { orderOf } from '../model/standing-order.ts';
import { openBackfills } from './backfill-records.ts';

import type { Page, PageInput } from '../model/backfill.ts';
import type { RunMade, RunOrder } from '../model/standing-order.ts';
import type { Parts } from './parts.ts';

/** Those that have not ended. @throws if the backfill is not on record here */
export async function nextPartitions(
  parts: Parts,
  { order, from, limit }: PageInput,
): Promise<Page> {
  const record = await openBackfills(parts.options.stateDir).read(order.id);
  if (record === undefined) throw new Error(`backfill ${order.id} is not on record here`);
  const runs = await (await parts.records()).list({ where: ({ id }) => id.startsWith(order.id) });
  const closed = new Set(runs.filter(({ state }) => state === 'closed').map((run) => run.run_id));
  const { partitions: all } = record;
  const partitions: string[] = [];
  let next = from;
  for (; next < all.length && partitions.length < limit; next += 1) {
    const partition = all[next]!;
    if (!closed.has(orderOf(order, { partition, atMs: 0 }).runId)) partitions.push(partition);
  }
  return { partitions, next, total: all.length };
}

/** Writes down that another run made the partition, or holds it. */
export async function noteMade(
  { options }: Parts,
  { order, runId, partition = '' }: RunOrder,
  made: RunMade,
): Promise<void> {
  const backfills = openBackfills(options.stateDir);
  if (made.status === 'HELD') {
    await backfills.note(order.id, { partition, held: made.reason ?? 'another run holds it' });
  } else if (made.runId !== runId) {
    await backfills.note(order.id, { partition, run_id: made.runId });
  }
}
