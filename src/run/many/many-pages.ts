/** What the workflow of a backfill or a batch asks of its record: which runs come next, and to write down what no run tells. */

import { labelOfOrder, openMany, ordersOf } from './many-records.ts';

import type { Page, PageInput } from '../../model/backfill.ts';
import type { RunMade, RunOrder } from '../../model/standing-order.ts';
import type { Many } from './many-records.ts';
import type { Parts } from '../parts.ts';

/** Those that have not ended. @throws if there is nothing of that on record here */
export async function nextPartitions(
  parts: Parts,
  { order, from, limit }: PageInput,
): Promise<Page> {
  const record = await openMany(parts.options.stateDir, manyBy(order)).read(order.id);
  if (record === undefined) throw new Error(`${order.by} ${order.id} is not on record here`);
  const runs = await (await parts.records()).list({ where: ({ id }) => id.startsWith(order.id) });
  const closed = new Set(runs.filter(({ state }) => state === 'closed').map((run) => run.run_id));
  const all = ordersOf(record);
  const next: RunOrder[] = [];
  let place = from;
  for (; place < all.length && next.length < limit; place += 1) {
    const ordered = all[place]!;
    if (!closed.has(ordered.runId)) next.push(ordered);
  }
  const about = { next: place, total: all.length };
  if (order.by !== 'batch') {
    return { partitions: next.map(({ partition = '' }) => partition), ...about };
  }
  const { signOrder } = await parts.link(() => undefined);
  const orders = next.map((one) => ({ ...one, order: signOrder(one.order) }));
  return { partitions: [], orders, ...about };
}

/** Writes down that another run made it, or holds its folder. */
export async function noteMade(
  { options }: Parts,
  ordered: RunOrder,
  made: RunMade,
): Promise<void> {
  const { order, runId } = ordered;
  const records = openMany(options.stateDir, manyBy(order));
  const partition = labelOfOrder(ordered);
  if (made.status === 'HELD') {
    await records.note(order.id, { partition, held: made.reason ?? 'another run holds it' });
  } else if (made.runId !== runId) {
    await records.note(order.id, { partition, run_id: made.runId });
  }
}

function manyBy({ by }: RunOrder['order']): Many {
  return by === 'batch' ? 'batch' : 'backfill';
}
