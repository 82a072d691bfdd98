/** Publishes the exports of a run to all its targets: prepared at each of them first, then committed one after another. */

import { UserError } from '../model/errors.ts';
import { TARGETS } from './targets.ts';

import type { DeliverInput, DeliverResult } from '../model/step-result.ts';
import type { Store } from '../store/store.ts';
import type { DeliveryTarget, Place, Prepared, Recovered } from './target.ts';

export { inspectOut, previousResults, previousRows } from './folder/inspect-out.ts';
export { openPartitions, partitionsIn } from './folder/partitions.ts';
export { refuseForPartitions, refuseForWhole } from './folder/refuse-out.ts';
export { resolveOut } from './folder/out-path.ts';

export type DeliverOptions = {
  readonly input: DeliverInput;
  readonly store: Store;
  readonly targets?: readonly DeliveryTarget[];
};

/**
 * Delivers. What was cut off at a target before is finished or forgotten by it first; done a second time, it ends the
 * same way.
 * @throws Error saying what stands in the way; each target is then as it was, or has the whole delivery
 */
export async function deliverInto({
  input,
  store,
  targets = TARGETS,
}: DeliverOptions): Promise<DeliverResult> {
  const wanted = targets.filter((target) => target.placeOf(input.plan.run) !== undefined);
  if (wanted.length === 0) throw new Error('this run has no --out');
  const prepared: Prepared[] = [];
  const done: DeliverResult[] = [];
  try {
    for (const target of wanted) prepared.push(await target.prepare({ input, store }));
    for (const { commit } of prepared) done.push(await commit());
  } catch (error) {
    for (const { discard } of prepared.slice(done.length)) await discard().catch(() => undefined);
    const there = wanted.slice(0, done.length).map((target) => target.placeOf(input.plan.run));
    throw there.length === 0 ? error : halfWay(error, there.join(', '));
  }
  return done.reduce((sum, { files, bytes, kept, gone = [] }) => ({
    files: sum.files + files,
    bytes: sum.bytes + bytes,
    ...(sum.kept === true && kept === true ? { kept } : {}),
    ...(sum.gone === undefined && gone.length === 0
      ? {}
      : { gone: [...(sum.gone ?? []), ...gone] }),
  }));
}

/** The place that this process cannot see, of those that a run delivers to. */
export async function outOfReach(
  run: Place,
  targets: readonly DeliveryTarget[] = TARGETS,
): Promise<string | undefined> {
  for (const target of targets) {
    const place = target.placeOf(run);
    if (place !== undefined && !(await target.reaches(run))) return place;
  }
  return undefined;
}

/** Finishes, or forgets, what was cut off in a folder. */
export async function recoverDelivery(
  out: string,
  targets: readonly DeliveryTarget[] = TARGETS,
): Promise<Recovered> {
  let all: Recovered = 'nothing';
  for (const target of targets) {
    const place = target.placeOf({ out });
    const recovered = place === undefined ? 'nothing' : await target.recover(place);
    if (recovered !== 'nothing') all = recovered;
  }
  return all;
}

/** What the next command makes good. */
function halfWay(error: unknown, there: string): Error {
  const { code, hint } =
    error instanceof UserError ? error : { code: 'DELIVERY_FAILED' as const, hint: undefined };
  const reason = error instanceof Error ? error.message : String(error);
  const message = `${reason}; delivered to ${there} already: \`resume\` delivers to the rest`;
  return new UserError(code, message, { ...(hint === undefined ? {} : { hint }), cause: error });
}
