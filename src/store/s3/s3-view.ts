/**
 * What one process has read of a journal in a bucket: the tables of one head, and every batch behind them.
 *
 * 1. Batches that tables cover stay in the bucket for a day, by the bucket's own clock. So who looked less than that
 *    ago finds each batch that was appended since, and none that is void.
 * 2. After a quarter of an hour by that clock a look is not trusted before the head was looked at: if its tables cover
 *    what was to be read, everything is read anew.
 * 3. A batch of its own that is covered by then counts if no table that was there before it covers it: it was written
 *    behind what was read, and its verdict follows from that. Otherwise it lies where others have been and gone; nobody
 *    reads it, and it is removed with what is covered. Nothing is ever taken back: somebody may have read it.
 */

import { makeBooks } from '../journal/books.ts';
import { newestOf } from '../journal/reading.ts';

import type { Folding } from '../journal/folding.ts';
import type { Framed } from '../journal/frame.ts';
import type { Read } from '../journal/reading.ts';
import type { Head, Heads } from './heads.ts';
import type { Batch, Log } from './log.ts';
import type { Told } from './objects.ts';
import type { Tables } from './tables.ts';

export type S3View<Entry, State, Summary> = Read<Entry, State, Summary> & {
  readonly head: Head;
  /** Every batch behind the head that was read, in its order. */
  readonly tail: readonly Batch<Entry>[];
  /** Number of the last batch that was read. */
  last(): number;
  /** Reads everything that was appended since, so many batches at first. False: a new view is needed. */
  readOn(atFirst?: number): Promise<boolean>;
  /**
   * Appends behind what was read. Answers what became of it: its own batch was taken, another one that was there first,
   * or nothing counts, and a new view is needed.
   */
  append(frames: readonly Framed<Entry>[]): Promise<'ours' | 'another' | 'void'>;
  close(): void;
};

export type S3ViewOptions<Entry, State, Summary> = {
  readonly log: Log<Entry>;
  readonly heads: Heads;
  readonly tables: Tables;
  readonly folding: Folding<Entry, State, Summary>;
  readonly isMine: (token: string) => boolean;
  /** After so long by the bucket's clock a look is not trusted. */
  readonly staleMs: number;
};

/** Most batches that are asked for beside each other. */
const AHEAD = 16;
/** More often tables are not replaced while they are opened. */
const MOST_TRIES = 10;

/** Reads all there is. `known`: a head that was read before. */
export async function openS3View<Entry, State, Summary>(
  options: S3ViewOptions<Entry, State, Summary>,
  known: Head,
): Promise<S3View<Entry, State, Summary>> {
  for (let tries = 1; ; tries += 1) {
    const { head, serverMs } = await options.heads.newest(known);
    const tables = await options.tables.open<State, Summary>(head);
    const view = tables === undefined ? undefined : viewOver(options, { head, tables, serverMs });
    if (view !== undefined && (await readWhole(view))) return view;
    if (tries === MOST_TRIES) throw new Error('the journal of the store does not come to rest');
  }
}

async function readWhole(view: Pick<S3View<unknown, unknown, unknown>, 'readOn' | 'close'>) {
  try {
    if (await view.readOn(AHEAD)) return true;
  } catch (error) {
    view.close();
    throw error;
  }
  view.close();
  return false;
}

function viewOver<Entry, State, Summary>(
  { log, heads, folding, isMine, staleMs }: S3ViewOptions<Entry, State, Summary>,
  {
    head,
    tables,
    serverMs,
  }: Pick<Read<Entry, State, Summary>, 'tables'> & Told & { readonly head: Head },
): S3View<Entry, State, Summary> {
  const books = makeBooks<Entry, State>({ folding, isMine, base: newestOf(tables) });
  const tail: Batch<Entry>[] = [];
  let lookedMs = serverMs;
  let newest = head;

  const last = (): number => head.covered + tail.length;
  const take = (batch: Batch<Entry>): void => {
    tail.push(batch);
    books.take(batch.frames);
  };
  /** False if what was read at `toldMs` behind `number` may be void. */
  const isTrue = async (number: number, toldMs: number | undefined): Promise<boolean> => {
    if (toldMs !== undefined && lookedMs !== undefined && toldMs - lookedMs < staleMs) {
      lookedMs = Math.max(lookedMs, toldMs);
      return true;
    }
    const now = await heads.newest(newest);
    newest = now.head;
    if (newest.covered >= number) return false;
    lookedMs = now.serverMs;
    return true;
  };
  /** True if a batch that is covered now was there before what covers it. */
  const wasInTime = async (number: number): Promise<boolean> => {
    const writtenMs = await log.writtenMs(number);
    if (writtenMs === undefined) return false;
    const before = await heads.before(writtenMs);
    return before === undefined || before.covered < number;
  };
  /** Batches from a number on, as far as they are there. */
  const readSome = async (from: number, count: number): Promise<number | undefined> => {
    const asked = Array.from({ length: count }, (_, i) => log.read(from + i));
    let found = 0;
    let isGap = false;
    for (const { batch, serverMs: toldMs } of await Promise.all(asked)) {
      if (isGap) continue;
      if (!(await isTrue(from + found, toldMs))) return undefined;
      isGap = batch === undefined;
      if (batch === undefined) continue;
      take(batch);
      found += 1;
    }
    return found;
  };

  return {
    ...{ head, tables, books, tail, last },
    readOn: async (atFirst = 1) => {
      for (let count = atFirst; ; count = Math.min(AHEAD, count * 2)) {
        const found = await readSome(last() + 1, count);
        if (found === undefined) return false;
        if (found < count) return true;
      }
    },
    append: async (frames) => {
      const number = last() + 1;
      const { written, there, serverMs: toldMs } = await log.write(number, frames);
      if (!(await isTrue(number, toldMs))) {
        if (there !== undefined || !(await wasInTime(number))) return 'void';
      }
      take(there ?? written);
      return there === undefined ? 'ours' : 'another';
    },
    close: () => {
      for (const table of tables) table.close();
    },
  };
}
