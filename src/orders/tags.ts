/**
 * Makes and checks tags: HMAC-SHA256, with the key of a state folder, over the canonical JSON of one part of an order
 * or of one result. A tag says what it is of, so none can stand for another.
 */

import { createHmac, timingSafeEqual } from 'node:crypto';

import { wiredJson } from '../model/canonical.ts';
import { allSteps, nameIn, planName } from '../model/nested.ts';
import {
  deliverFilesOf,
  deliverOrder,
  giveOrder,
  itemOrder,
  runOrder,
  stepOrder,
} from '../model/order.ts';

import type { RunKey } from '../model/events.ts';
import type { Plan, PlanStep } from '../model/plan.ts';
import type {
  ItemList,
  Collection,
  DeliverFile,
  DeliverInput,
  GiveInput,
  ItemEnd,
  StepInput,
  StepResult,
} from '../model/step-result.ts';
import type { StandingOrder } from '../model/standing-order.ts';
import type { OrderKey } from './key.ts';

type Part = 'run' | 'step' | 'give' | 'deliver' | 'result' | 'file' | 'standing' | SealedItems;
/** What passes between the activities of a step with items. */
type SealedItems = 'items' | 'item' | 'ends';

/** A plan whose parts carry their tags. */
export function tagPlan(key: OrderKey, plan: Plan): Plan {
  const all = allSteps(plan).map(
    ([within, step]) => [nameIn(within.run.within, step.id), within, step] as const,
  );
  // A profile is no activity, but the look for its items and what they give together are.
  const steps = all.flatMap(([name, within, step]) =>
    step.nested !== undefined && step.foreach === undefined
      ? []
      : [[name, tagOf(key, 'step', stepOrder(within, step))] as const],
  );
  const gives = all.flatMap(([name, within, { nested, ...step }]) =>
    nested === undefined
      ? []
      : [[name, tagOf(key, 'give', giveOrder(within, { ...step, nested }))] as const],
  );
  const items = all.flatMap(([name, within, { foreach, ...step }]) =>
    foreach === undefined
      ? []
      : [[name, tagOf(key, 'step', itemOrder(within, { ...step, foreach }))] as const],
  );
  const tags = {
    run: tagOf(key, 'run', runOrder(plan)),
    deliver: tagOf(key, 'deliver', deliverOrder(plan)),
    steps: Object.fromEntries(steps) as Record<string, string>,
    ...(items.length === 0 ? {} : { items: Object.fromEntries(items) }),
    ...(gives.length === 0 ? {} : { gives: Object.fromEntries(gives) }),
  };
  return { ...plan, run: { ...plan.run, tags } };
}

/** A standing order with its tag. */
export function tagStandingOrder(key: OrderKey, order: StandingOrder): StandingOrder {
  const { tag: _, ...rest } = order;
  return { ...rest, tag: tagOf(key, 'standing', rest) };
}

/** Whether a command ordered this. */
export function isStandingOrder(key: OrderKey, { tag, ...order }: StandingOrder): boolean {
  return matches(tag, key, 'standing', order);
}

/** Eight hex digits that name the state folder of a key, and tell nothing of it. */
export function nameOfKey(key: OrderKey): string {
  return createHmac('sha256', key).update('builder state folder 1').digest('hex').slice(0, 8);
}

/** A result with the proof that this step of this run returned it. */
export function sealResult(
  key: OrderKey,
  runId: string,
  step: Pick<PlanStep, 'id' | 'lays'>,
  made: StepResult,
): StepResult {
  const { seals: _, ...result } = made;
  const files = deliverFilesOf(step, result).map((file) => [
    file.output,
    tagOf(key, 'file', runId, file),
  ]);
  return {
    ...result,
    seals: {
      result: tagOf(key, 'result', runId, step.id, result),
      files: Object.fromEntries(files) as Record<string, string>,
    },
  };
}

/** The result of an item: nobody reads it but who puts all together, and that by its fingerprint. */
export function sealItem(
  key: OrderKey,
  runId: string,
  item: string,
  result: StepResult,
): StepResult {
  const { fingerprint } = result;
  return { ...result, seals: { result: tagOf(key, 'item', runId, item, fingerprint), files: {} } };
}

/** Whether an attempt of this item returned a result of this fingerprint. */
export function isSealedItem(
  key: OrderKey,
  runId: string,
  item: string,
  { fingerprint, seal }: Pick<ItemEnd, 'fingerprint' | 'seal'>,
): boolean {
  return matches(seal, key, 'item', runId, item, fingerprint);
}

/** The list of a step's items, or how some of them ended, with the proof that a worker of this run wrote it down. */
export function sealList<T extends ItemList | Collection>(
  key: OrderKey,
  part: 'items' | 'ends',
  about: readonly [runId: string, step: string],
  list: T,
): T {
  return { ...list, seal: tagOf(key, part, ...about, list) };
}

export function isSealedList(
  key: OrderKey,
  part: 'items' | 'ends',
  about: readonly [runId: string, step: string],
  { seal, ...list }: ItemList | Collection,
): boolean {
  return matches(seal, key, part, ...about, list);
}

/** Whether a command ordered this attempt's step. */
export function isOrderedStep(
  key: OrderKey,
  input: Pick<StepInput, 'run' | 'step' | 'concurrency' | 'tag'>,
): boolean {
  const { run, step, concurrency, tag } = input;
  return matches(tag, key, 'step', { run: orderedRun(run), step, concurrency });
}

/** Whether a command ordered that this profile is a step and gives this. */
export function isOrderedGift(key: OrderKey, { run, step, tag }: GiveInput): boolean {
  return matches(tag, key, 'give', { run: orderedRun(run), step });
}

/** A profile is ordered once for all its items: which of them it is for is another matter. */
function orderedRun(run: StepInput['run'] | undefined): StepInput['run'] | undefined {
  const { within } = run ?? {};
  return run === undefined || within === undefined ? run : { ...run, within: planName(within) };
}

/** Whether a command ordered this delivery; its files are another matter. */
export function isOrderedDelivery(key: OrderKey, { plan, planSha256, tag }: DeliverInput): boolean {
  return matches(tag, key, 'deliver', { plan, planSha256 });
}

/** Whether a command ordered the run of this key. */
export function isOrderedRun(key: OrderKey, { tag, ...run }: RunKey): boolean {
  return matches(tag, key, 'run', run);
}

/** Whether this step of this run returned exactly this. */
export function isSealedResult(
  key: OrderKey,
  runId: string,
  step: string,
  { seals, ...result }: StepResult,
): boolean {
  return matches(seals?.result, key, 'result', runId, step, result);
}

/** Whether a step of this run returned this file for the delivery. */
export function isSealedFile(
  key: OrderKey,
  runId: string,
  { seal, ...file }: DeliverFile,
): boolean {
  return matches(seal, key, 'file', runId, file);
}

function matches(tag: unknown, key: OrderKey, part: Part, ...about: readonly unknown[]): boolean {
  if (typeof tag !== 'string') return false;
  const given = Buffer.from(tag);
  const right = Buffer.from(tagOf(key, part, ...about));
  return given.length === right.length && timingSafeEqual(given, right);
}

function tagOf(key: OrderKey, part: Part, ...about: readonly unknown[]): string {
  const text = wiredJson(['builder order 1', part, about]);
  return createHmac('sha256', key).update(text).digest('base64url');
}
