/**
 * What one process has read of a journal: the tables that count, and the entries behind them.
 *
 * 1. A segment's name is taken once while it counts: it is removed only when tables cover it, and whoever opens
 *    or makes one looks at the ledger afterwards. If that moved on meanwhile, everything is opened anew.
 * 2. The next segment exists only after the one before it was sealed and its bytes were brought to disk.
 */

import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { makeBooks } from './books.ts';
import { readLedger } from './ledger.ts';
import { segmentPath } from './names.ts';
import { newestOf } from './reading.ts';
import { openSegment } from './segment.ts';
import { openTable } from './table.ts';

import type { Books } from './books.ts';
import type { Folding } from './folding.ts';
import type { Framed } from './frame.ts';
import type { LedgerEntry } from './ledger.ts';
import type { Segment } from './segment.ts';
import type { Table } from './table.ts';

export type View<Entry, State, Summary> = {
  readonly ledger: LedgerEntry;
  /** Oldest first. */
  readonly tables: readonly Table<State, Summary>[];
  readonly books: Books<Entry, State>;
  /** The segment that is read, maybe sealed; undefined while the first one is not there. */
  segment(): Segment<Entry> | undefined;
  /** Sealed segments that no table covers. */
  sealed(): number;
  /** Reads everything that was appended since. False: the ledger moved on, a new view is needed. */
  readOn(): boolean;
  /** Reads on in this segment alone, and answers what it found. */
  readSegment(): readonly Framed<Entry>[];
  /** Makes the next segment and goes to it. False: a new view is needed. */
  makeNext(): boolean;
  close(): void;
};

export type ViewOptions<Entry, State, Summary> = {
  readonly folder: string;
  readonly folding: Folding<Entry, State, Summary>;
  readonly isMine: (token: string) => boolean;
};

/** More often a ledger does not move on while it is read. */
const MOST_TRIES = 100;

/** Reads all there is. @throws as the file system does */
export function openView<Entry, State, Summary>(
  options: ViewOptions<Entry, State, Summary>,
): View<Entry, State, Summary> {
  for (let tries = 1; ; tries += 1) {
    const view = tryView(options, tries === MOST_TRIES);
    if (view?.readOn() === true) return view;
    view?.close();
    if (tries === MOST_TRIES)
      throw new Error(`the journal ${options.folder} does not come to rest`);
  }
}

function tryView<Entry, State, Summary>(
  { folder, folding, isMine }: ViewOptions<Entry, State, Summary>,
  isLast: boolean,
): View<Entry, State, Summary> | undefined {
  const ledger = readLedger(folder);
  const tables = openTables<State, Summary>(folder, ledger, isLast);
  if (tables === undefined) return undefined;
  const books = makeBooks<Entry, State>({ folding, isMine, base: newestOf(tables) });
  let segment: Segment<Entry> | undefined;
  let sealed = 0;

  const nextNumber = (): number => (segment?.number ?? ledger.covered) + 1;
  /** Undefined: there is none. False: it may be one whose name was taken again. */
  const openNext = (create: boolean): Segment<Entry> | undefined | false => {
    const number = nextNumber();
    const path = segmentPath(folder, number);
    const next = openSegment<Entry>(path, number, { create });
    // Where there is none, there may have been one that is covered by now.
    const now = readLedger(folder);
    if (now.turn === ledger.turn) return next;
    next?.close();
    if (create && now.covered >= number) rmSync(path, { force: true });
    return false;
  };
  const goTo = (next: Segment<Entry>): void => {
    segment?.close();
    segment = next;
  };
  const take = (): readonly Framed<Entry>[] => {
    if (segment === undefined || segment.isSealed()) return [];
    const frames = segment.readOn();
    books.take(frames);
    if (segment.isSealed()) sealed += 1;
    return frames;
  };

  return {
    ledger,
    tables,
    books,
    segment: () => segment,
    sealed: () => sealed,
    readSegment: take,
    readOn: () => {
      for (;;) {
        take();
        if (segment !== undefined && !segment.isSealed()) return true;
        const next = openNext(false);
        if (next === false) return false;
        if (next === undefined) return true;
        goTo(next);
      }
    },
    makeNext: () => {
      segment?.syncNow();
      const next = openNext(true);
      if (next === false || next === undefined) return false;
      goTo(next);
      take();
      return true;
    },
    close: () => {
      segment?.close();
      for (const table of tables) table.close();
    },
  };
}

/** Undefined if one of them was replaced while they were opened. */
function openTables<State, Summary>(
  folder: string,
  ledger: LedgerEntry,
  isLast: boolean,
): readonly Table<State, Summary>[] | undefined {
  const tables: Table<State, Summary>[] = [];
  try {
    for (const name of ledger.tables) tables.push(openTable(join(folder, name), name));
    return tables;
  } catch (error) {
    for (const table of tables) table.close();
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || isLast) throw error;
    return undefined;
  }
}

/** The segments that no table covers although they are sealed. */
export type Sealed<Entry, State, Summary> = Pick<
  View<Entry, State, Summary>,
  'ledger' | 'tables' | 'books' | 'close'
> & {
  /** The last of them. */
  readonly covered: number;
  readonly sizeBytes: number;
};

/** Reads what can be compacted; undefined if there is nothing, or another process is at it. */
export function openSealed<Entry, State, Summary>({
  folder,
  folding,
}: Pick<ViewOptions<Entry, State, Summary>, 'folder' | 'folding'>):
  Sealed<Entry, State, Summary> | undefined {
  const ledger = readLedger(folder);
  const tables = openTables<State, Summary>(folder, ledger, false);
  if (tables === undefined) return undefined;
  const books = makeBooks<Entry, State>({ folding, isMine: () => false, base: newestOf(tables) });
  let { covered } = ledger;
  let sizeBytes = 0;
  for (;;) {
    const segment = openSegment<Entry>(segmentPath(folder, covered + 1), covered + 1);
    const frames = segment?.readOn() ?? [];
    segment?.close();
    if (segment === undefined || !segment.isSealed()) break;
    books.take(frames);
    covered += 1;
    sizeBytes += segment.size();
  }
  const close = (): void => {
    for (const table of tables) table.close();
  };
  if (covered > ledger.covered && readLedger(folder).turn === ledger.turn) {
    return { ledger, tables, books, close, covered, sizeBytes };
  }
  close();
  return undefined;
}
