/**
 * Removes what nothing names any more: files first, then what the journal still says of them.
 *
 * 1. Files are listed before the journal is read. So each of them is named there, or made by what goes on now, or
 *    garbage.
 * 2. Nobody finds a result that was dropped, but what went on by then may have found it before. Its bytes, and what the
 *    journal says of it, stay until all of that has ended.
 * 3. A file is removed only if it is the very one that was listed: the same bytes may be stored again at any moment.
 */

import { SUBJECTS } from '../folds/folding.ts';
import { filesOfResult, readJournal } from './survey.ts';
import { dropKey, sortUnnamed } from './waiting.ts';

import type { StoredResult } from '../entries.ts';
import type { ResultState, State } from '../folds/folding.ts';
import type { RunState } from '../folds/run-state.ts';
import type { StoreJournal } from '../journal-store.ts';
import type { SweepOptions, Swept } from '../pruning.ts';
import type { Batches, Bytes } from './bytes.ts';
import type { Dropped, Unnamed } from './waiting.ts';

/** After so long nobody speaks of a run any more, whoever was still there when it was forgotten or last heard of. */
const TOMBSTONE_KEPT_MS = 30 * 24 * 3600 * 1000;

export type Sweeping = {
  readonly journal: Pick<StoreJournal, 'refresh' | 'visit' | 'compactWithout'>;
  readonly bytes: Bytes;
  readonly batches: Batches;
  /** Throws once another process is at it. */
  readonly check: () => void;
};

/** Sweeps; with `pretend` only counts. */
export async function sweep(
  { journal, bytes, batches, check }: Sweeping,
  { goingOn, pretend, isForgotten = () => true, now = Date.now() }: SweepOptions,
): Promise<Swept> {
  const before = await bytes.journalBytes();
  const listed = await bytes.list();
  // Asked first: who is over by then has said all it had to say, and that is read after.
  const going = await goingOn(await readJournal(journal));
  const read = await readJournal(journal);
  const found = new Set<string>();
  const named = new Set<string>();
  for (const { result, parts = [] } of read.results) {
    if (pretend?.has(result.fingerprint) === true) continue;
    found.add(result.fingerprint);
    for (const { name } of await filesOfResult({ result, parts }, bytes)) named.add(name);
  }
  const sorted = sortUnnamed({
    unnamed: [...listed].filter(([name]) => !named.has(name)),
    dropped: await Promise.all(read.dropped.map((one) => droppedOf(one, bytes))),
    goingOn: going,
    earlier: await batches.read(),
  });
  const { free, isOver } = sorted;
  const waiting = sumOf(sorted.waiting);
  if (pretend !== undefined) {
    return { removed: sumOf(free), waiting, journal: { before, after: before } };
  }

  const removed: Unnamed[number][] = [];
  for (const file of free) {
    check();
    if (await bytes.remove(file[0], file[1].identity)) removed.push(file);
  }
  check();
  await batches.write(sorted.batches);
  await bytes.tidy({
    isNamed: (name) => named.has(name),
    isFound: (fingerprint) => found.has(fingerprint),
  });
  check();
  await journal.compactWithout((subject, state) =>
    isOverIn(subject, state, { isOver, isForgotten, now }),
  );
  const after = await bytes.journalBytes();
  return { removed: sumOf(removed), waiting, journal: { before, after } };
}

/** A dropped result as the batches know it. */
export async function droppedOf(
  dropped: StoredResult,
  bytes: Pick<Bytes, 'filesOf'>,
): Promise<Dropped> {
  const files = await filesOfResult(dropped, bytes);
  return { key: dropKey(dropped), names: files.map(({ name }) => name) };
}

function isOverIn(
  subject: string,
  state: State,
  about: Required<Pick<SweepOptions, 'isForgotten' | 'now'>> & {
    readonly isOver: (key: string) => boolean;
  },
): boolean {
  if (subject.startsWith(SUBJECTS.result(''))) {
    const { stored, was } = state as ResultState;
    return stored === undefined && (was === undefined || about.isOver(dropKey(was)));
  }
  if (!subject.startsWith(SUBJECTS.run(''))) return false;
  const { gone, record, running, heardMs = about.now } = state as RunState;
  // Of a run that is recorded elsewhere, with no step under way.
  if (gone === undefined && record === undefined && running === undefined)
    return about.now - heardMs > TOMBSTONE_KEPT_MS;
  if (gone === undefined) return false;
  const runId = subject.slice(SUBJECTS.run('').length);
  const isQuiet = gone.silent || about.now - gone.atMs > TOMBSTONE_KEPT_MS;
  return isQuiet && about.isForgotten({ runId, ...gone });
}

function sumOf(files: Unnamed): { readonly files: number; readonly bytes: number } {
  return { files: files.length, bytes: files.reduce((sum, [, file]) => sum + file.bytes, 0) };
}
