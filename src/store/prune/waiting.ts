/**
 * What nothing names any more but something that goes on may use, from one prune to the next. Pure.
 *
 * 1. What was not named when a batch was made can be used only by what went on then. Once that has ended it is free.
 * 2. A file counts only as long as it is the same one: bytes that are stored anew get another identity.
 */

import type { Batch, ListedFile } from './bytes.ts';

export type Unnamed = readonly (readonly [name: string, file: ListedFile])[];

export type Sorted = {
  readonly free: Unnamed;
  readonly waiting: Unnamed;
  /** Dropped results of which nothing needs to be told any more. */
  readonly isOver: (fingerprint: string) => boolean;
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
  readonly dropped: readonly string[];
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
  const isOver = (fingerprint: string): boolean =>
    over.dropped.has(fingerprint) && !held.dropped.has(fingerprint);
  const free = unnamed.filter(([name, { identity }]) => over.files.has(keyOf(name, identity)));
  const waiting = unnamed.filter(([name, { identity }]) => !over.files.has(keyOf(name, identity)));
  const fresh: Batch = {
    waitsFor: goingOn,
    files: waiting.flatMap(([name, { identity }]) =>
      held.files.has(keyOf(name, identity)) ? [] : [[name, identity] as const],
    ),
    dropped: dropped.filter((one) => !isOver(one) && !held.dropped.has(one)),
  };
  const isEmpty = fresh.files.length === 0 && fresh.dropped.length === 0;
  return { free, waiting, isOver, batches: isEmpty ? pending : [...pending, fresh] };
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
