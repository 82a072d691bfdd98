/**
 * Why an activity of a step is refused: its order, the results it builds on, or what it is told are not what a command
 * and the workers of its run made. Pure.
 */

import { MAX_LOST } from '../model/endings.ts';
import { isAttempt } from '../model/items.ts';
import { depthOf, fullName, nameIn, nameOfPath, outerPaths } from '../model/nested.ts';
import {
  isOrderedGift,
  isOrderedStep,
  isSealedItem,
  isSealedList,
  isSealedResult,
} from './tags.ts';

import type {
  ItemPlace,
  CollectInput,
  GatherInput,
  GiveInput,
  StepInput,
} from '../model/step-result.ts';
import type { PlanStep } from '../model/plan.ts';
import type { OrderKey } from './key.ts';

const NO_ITEM = 'it has no such item';
const NOT_ORDERED = 'its step was not ordered like this';

/** Of one attempt, of a step or of an item. */
export function faultOfAttempt(key: OrderKey, input: StepInput, kind: string): string | undefined {
  const { step, attempt, item } = input;
  if (!isOrderedStep(key, input)) return NOT_ORDERED;
  if (step.kind !== kind) return 'its step is of another kind';
  if (!isAttempt(input)) return 'a step with items is not done as a whole';
  const most = step.retry.attempts + MAX_LOST;
  if (!Number.isInteger(attempt) || attempt < 1 || attempt > most)
    return 'no attempt has that number';
  const { limitMs = step.timeoutMs } = input;
  if (!(limitMs > 0 && limitMs <= step.timeoutMs)) return 'no attempt has that limit';
  if (item !== undefined && !isItem(key, input, item)) return NO_ITEM;
  if (!isAroundItem(key, input)) return NO_ITEM;
  return faultOfInputs(key, input);
}

/** Of the search for the items of a step. */
export function faultOfExpanding(key: OrderKey, input: StepInput): string | undefined {
  if (!isOrderedStep(key, input)) return NOT_ORDERED;
  if (isAttempt(input)) return 'its step has no items';
  return faultOfInputs(key, input);
}

/** Of what some items are said to have ended like. */
export function faultOfCollecting(key: OrderKey, input: CollectInput): string | undefined {
  const { run, step, list, ends } = input;
  if (!isOrderedStep(key, input)) return NOT_ORDERED;
  if (!isSealedList(key, 'items', listOf(run, step), list)) return 'it has no such items';
  const forged = ends.some(
    (end) =>
      end.fingerprint !== undefined &&
      !isSealedItem(key, run.id, fullName({ run, step, item: end }), end),
  );
  return forged ? 'an item did not return what is said of it' : undefined;
}

/** Of what is put together to the result of a step. */
export function faultOfGathering(key: OrderKey, input: GatherInput): string | undefined {
  const { run, step, list, collections } = input;
  if (!isOrderedStep(key, input)) return NOT_ORDERED;
  if (isAttempt(input)) return 'its step has no items';
  const about = listOf(run, step);
  if (!isSealedList(key, 'items', about, list)) return 'it has no such items';
  if (collections.some((each) => !isSealedList(key, 'ends', about, each))) {
    return 'its items did not end like this';
  }
  return faultOfInputs(key, input);
}

function isItem(key: OrderKey, { run, step }: StepInput, place: ItemPlace): boolean {
  return step.foreach !== undefined && isPlace(key, run.id, nameIn(run.within, step.id), place);
}

/** Whether the item that a profile around it is done for is the one that the name of that profile tells. */
function isAroundItem(
  key: OrderKey,
  { run, outerItem }: Pick<StepInput, 'run' | 'outerItem'>,
): boolean {
  const [, name, index] = /^([^[]*)\[(\d+)\]/.exec(run.within ?? '') ?? [];
  if (name === undefined || outerItem === undefined)
    return name === undefined && outerItem === undefined;
  return outerItem.index === Number(index) && isPlace(key, run.id, name, outerItem);
}

function isPlace(key: OrderKey, runId: string, name: string, { index, list }: ItemPlace): boolean {
  return (
    Number.isInteger(index) &&
    index >= 0 &&
    index < list.count &&
    isSealedList(key, 'items', [runId, name], list)
  );
}

/** Of what a profile that is a step has to give, but for how its steps ended. */
export function faultOfGift(key: OrderKey, input: GiveInput): string | undefined {
  if (!isOrderedGift(key, input)) return NOT_ORDERED;
  const { run, step, inputs, item } = input;
  if (item !== undefined && !isPlace(key, run.id, nameIn(run.within, step.id), item))
    return NO_ITEM;
  if (!isAroundItem(key, input)) return NO_ITEM;
  const within = fullName(input);
  const { outputs, values } = step.gives;
  const from = new Set([...Object.values(outputs), ...Object.values(values)].map((of) => of.step));
  const isSealed = Object.entries(inputs).every(
    ([id, result]) => from.has(id) && isSealedResult(key, run.id, nameIn(within, id), result),
  );
  return isSealed ? undefined : 'it gives a result that no step of this run returned';
}

/** Whose list of items it is. */
function listOf(
  { id, within }: StepInput['run'],
  step: Pick<PlanStep, 'id'>,
): readonly [string, string] {
  return [id, nameIn(within, step.id)];
}

function faultOfInputs(
  key: OrderKey,
  { run, step, inputs, outer = {} }: Pick<StepInput, 'run' | 'step' | 'inputs' | 'outer'>,
): string | undefined {
  const given = Object.keys(inputs);
  const isWhole =
    given.length === step.reads.length && given.every((id) => step.reads.includes(id));
  if (!isWhole) return 'it does not read what it was ordered to read';
  const { within } = run;
  const paths = outerPaths(step, depthOf(within));
  const isFull =
    Object.keys(outer).length === paths.length && paths.every((path) => Object.hasOwn(outer, path));
  if (!isFull) return 'it is not given what it was ordered to read';
  const forged =
    given.some((id) => !isSealedResult(key, run.id, nameIn(within, id), inputs[id]!)) ||
    paths.some((path) => !isSealedResult(key, run.id, nameOfPath(within, path), outer[path]!));
  return forged ? 'it reads a result that no step of this run returned' : undefined;
}
