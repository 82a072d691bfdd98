/**
 * What nothing names any more but something that goes on may use, from one prune to the next. Pure.
 *
 * 1. What was not named when a batch was made can be used only by what went on then. Once that has ended it is free.
 * 2. A file counts only as long as it is the same one: bytes that are stored anew get another identity.
 * 3. A file that is stored is not named for a moment, and named after it. So it is free only once every dropped result
 *    that names it is: one that was dropped after the batch was made may have been found since.
 */

import type { StoredResult } from '../entries.ts';
import type { Batch, ListedFile } from './bytes.ts';

export type Unnamed = readonly (readonly [name: string, file: ListedFile])[];

/** A result that was dropped, and what it names. */
export type Dropped = { readonly key: string; readonly names: readonly string[] };

/** Tells a dropped result apart from any other of its fingerprint. */
export function dropKey({ result, runId, writtenAtMs }: DroppedResult): string {
  return `${result.fingerprint} ${runId} ${writtenAtMs}`;
}

type DroppedResult = Pick<StoredResult, 'runId' | 'writtenAtMs'> & {
  readonly result: Pick<StoredResult['result'], 'fingerprint'>;
};

export type Sorted = {
  readonly free: Unnamed;
  readonly waiting: Unnamed;
  /** Dropped results of which nothing needs to be told any more. */
  readonly isOver: (key: string) => boolean;
  /** What is to be written down for the next time. */
  readonly batches: readonly Batch[];
};

/** Tells what is free from what waits. */
export function sortUnnamed({
  unnamed,
  dropped,
  goingOn,
  earlier,
}: {
  readonly unnamed: Unnamed;
  readonly dropped: readonly Dropped[];
  readonly goingOn: readonly string[];
  readonly earlier: readonly Batch[];
}): Sorted {
  if (goingOn.length === 0) {
    return { free: unnamed, waiting: [], isOver: () => true, batches: [] };
  }
  const goes = new Set(goingOn);
  const isPending = (batch: Batch): boolean => batch.waitsFor.some((one) => goes.has(one));
  const over = contentOf(earlier.filter((batch) => !isPending(batch)));
  const pending = earlier.filter(isPending);
  const held = contentOf(pending);
  const isOver = (key: string): boolean => over.dropped.has(key) && !held.dropped.has(key);
  const used = new Set(dropped.flatMap(({ key, names }) => (isOver(key) ? [] : names)));
  const isFree = ([name, { identity }]: Unnamed[number]): boolean =>
    over.files.has(keyOf(name, identity)) && !used.has(name);
  const free = unnamed.filter(isFree);
  const waiting = unnamed.filter((file) => !isFree(file));
  const fresh: Batch = {
    waitsFor: goingOn,
    files: waiting.flatMap(([name, { identity }]) =>
      held.files.has(keyOf(name, identity)) ? [] : [[name, identity] as const],
    ),
    dropped: dropped.flatMap(({ key }) => (isOver(key) || held.dropped.has(key) ? [] : [key])),
  };
  const isEmpty = fresh.files.length === 0 && fresh.dropped.length === 0;
  return { free, waiting, isOver, batches: isEmpty ? pending : [...pending, fresh] };
}

/** The batches without a result that can be found again, and without its files. */
export function withoutRestored(
  batches: readonly Batch[],
  { key, names }: Dropped,
): readonly Batch[] {
  return batches.map((batch) => ({
    ...batch,
    files: batch.files.filter(([name]) => !names.includes(name)),
    dropped: batch.dropped.filter((one) => one !== key),
  }));
}

function contentOf(batches: readonly Batch[]) {
  return {
    files: new Set(batches.flatMap(({ files }) => files.map(([name, id]) => keyOf(name, id)))),
    dropped: new Set(batches.flatMap(({ dropped }) => dropped)),
  };
}

function keyOf(name: string, identity: string): string {
  return `${name} ${identity}`;
}
