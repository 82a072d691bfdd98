/**
 * What happened, appended by any number of processes on one machine's disk, and folded by each in the same order.
 *
 * 1. An entry is in the journal exactly if its line is whole and no seal stands before it in its segment. Its place
 *    is that of its line; its verdict follows from what stands before it. Both never change again.
 * 2. An append writes, then reads on from where it had read to, until it meets its own line. Behind a seal the line
 *    is void, wherever the file may be by then: it is written again into the next segment.
 * 3. Only who meets the line answers. A write that was cut off is either met as a whole line or told as failed.
 * 4. What was told as synced is on disk, with everything that stands before it.
 * 5. A compaction changes no verdict and no state: it moves what sealed segments say into tables. Only one that is
 *    told which states are over leaves those out.
 *
 * It relies on what local file systems of Linux and macOS do: a write to a file opened to append goes to its end as
 * a whole, after earlier ones. Network file systems do not, so a store does not lie on one.
 */

import { randomBytes } from 'node:crypto';

import { syncFolder } from '../../os/atomic.ts';
import { compact } from './compact.ts';
import { frame } from './frame.ts';
import { changesOver, summaryOver, visitOver } from './reading.ts';
import { openView } from './view.ts';

import type { Folding, Verdict } from './folding.ts';
import type { Framed } from './frame.ts';
import type { Segment } from './segment.ts';
import type { View } from './view.ts';
import type { Cursor, Changes } from './reading.ts';

export type Journal<Entry, State, Summary> = {
  /** Appends, and tells what became of each. With `sync` all of them are on disk when it answers. */
  append(
    entries: readonly Entry[],
    options?: { readonly sync?: boolean },
  ): Promise<readonly Verdict[]>;
  /**
   * Brings what was appended until now, by whomever, within reach of what reads at once. `mayBeOldMs`: a look that is no
   * older will do. A journal that lies on this machine is within reach anyway.
   */
  refresh(options?: { readonly mayBeOldMs?: number }): Promise<void>;
  /** The state of a subject by everything appended until the last `refresh`, or later. */
  state(subject: string): State | undefined;
  /** What the newest winning entry set for it. */
  pointer(subject: string): State | undefined;
  summary(): Summary;
  /** What won since `cursor`, by whomever, in its order; without one, or where tables hold some of it by now, all. */
  changes(cursor?: Cursor): Changes<Entry, Summary>;
  /** Resolves when no compaction of this process is going on. */
  settled(): Promise<void>;
  /** Every state of a subject that begins so, in no order. Nobody may use the journal from `visit`. */
  visit(prefix: string, visit: (subject: string, state: State) => void): void;
  /** Seals what there is and compacts it now. */
  compact(): Promise<void>;
  /** The same into one table, without states that are over. False: other processes were quicker each time. */
  compactWithout(isOver: (subject: string, state: State) => boolean): Promise<boolean>;
  close(): void;
};

export type JournalOptions<Entry, State, Summary> = {
  /** Absolute. It is there before something is appended. */
  readonly folder: string;
  readonly folding: Folding<Entry, State, Summary>;
  /** A segment as long as this is sealed and compacted: so much is read at a start. */
  readonly sealBytes?: number;
};

const SEAL_BYTES = 256 * 1024;
/** Sealed segments without a table beyond which the one who sealed them is taken for dead. */
const MOST_SEALED = 2;
/** More often a write is not cut off without a reason. */
const MOST_TRIES = 100;

/** In which segment an entry lies, and what became of it there. */
type Landed = { readonly verdict: Verdict; readonly segment: number };

type Waiting<Entry> = {
  readonly framed: Framed<Entry>;
  readonly resolve: (landed: Landed) => void;
  readonly reject: (error: unknown) => void;
};

/** Opens a journal. Nothing is read or made before it is used. */
export function openJournal<Entry, State, Summary>({
  folder,
  folding,
  sealBytes = SEAL_BYTES,
}: JournalOptions<Entry, State, Summary>): Journal<Entry, State, Summary> {
  const me = randomBytes(6).toString('hex');
  let appends = 0;
  const newToken = (): string => `${me}-${(appends += 1).toString(36)}`;
  let opened: View<Entry, State, Summary> | undefined;
  let queue: Waiting<Entry>[] = [];
  let compacting: Promise<void> | undefined;

  const renew = (): View<Entry, State, Summary> => {
    opened?.close();
    opened = undefined;
    return (opened = openView({ folder, folding, isMine: (token) => token.startsWith(me) }));
  };
  const view = (): View<Entry, State, Summary> =>
    opened === undefined || !opened.readOn() ? renew() : opened;

  /** The segment to append to, everything in it read. */
  const current = (): { now: View<Entry, State, Summary>; segment: Segment<Entry> } => {
    for (;;) {
      const now = view();
      const segment = now.segment();
      if (segment !== undefined && !segment.isSealed()) return { now, segment };
      if (!now.makeNext()) renew();
    }
  };

  /** Writes what waits; whoever is left afterwards was told why. */
  const flush = (): void => {
    let waiting = queue;
    queue = [];
    try {
      for (let tries = 0; waiting.length > 0; tries += 1) {
        if (tries === MOST_TRIES) throw new Error(`${folder} takes no whole entry`);
        const { now, segment } = current();
        const bytes = Buffer.concat(waiting.map(({ framed }) => frame(framed)));
        const failure = attempt(() => segment.write(bytes));
        const met = new Set(now.readSegment().map(({ token }) => token));
        for (const { framed, resolve } of waiting.filter((w) => met.has(w.framed.token))) {
          resolve({ verdict: now.books.verdict(framed), segment: segment.number });
        }
        waiting = waiting.filter(({ framed }) => !met.has(framed.token));
        if (failure !== undefined && waiting.length > 0) throw failure.error;
      }
    } catch (error) {
      for (const { reject } of waiting) reject(error);
      return;
    }
    if ((opened?.segment()?.size() ?? 0) >= sealBytes) seal();
    else if ((opened?.sealed() ?? 0) > MOST_SEALED) compactSoon();
  };

  /** True if the seal is ours. One that cannot be written is left to the next append. */
  const sealed = (): boolean => {
    const segment = opened?.segment();
    if (segment === undefined || segment.isSealed()) return false;
    const token = newToken();
    const failure = attempt(() => segment.write(frame({ token, entry: { type: 'seal' } })));
    if (failure !== undefined) return false;
    opened?.readSegment();
    return segment.sealedBy() === token;
  };
  /** Who seals a segment makes its table. */
  const seal = (): void => {
    if (sealed()) compactSoon();
  };

  const compactSoon = (): void => {
    // It is work saved for later starts: a failure of it, such as a full disk, is no failure of an append.
    compacting ??= compactNow()
      .catch(() => undefined)
      .finally(() => (compacting = undefined));
  };
  const settled = async (): Promise<void> => {
    await compacting;
  };
  const compactNow = async (): Promise<void> => {
    if (await compact({ folder, folding })) {
      opened?.close();
      opened = undefined;
    }
  };

  const synced = new Map<Segment<Entry>, Promise<void>>();
  /** One wait for the disk for all who ask in the same turn. */
  const sync = (segment: Segment<Entry>): Promise<void> => {
    const running = synced.get(segment);
    if (running !== undefined) return running;
    const done = Promise.all([segment.sync(), syncFolder(folder)]).then(() => undefined);
    synced.set(segment, done);
    queueMicrotask(() => synced.delete(segment));
    return done;
  };

  return {
    append: async (entries, { sync: wantsSync = false } = {}) => {
      const landed = await Promise.all(
        entries.map(
          (entry) =>
            new Promise<Landed>((resolve, reject) => {
              if (queue.length === 0) queueMicrotask(flush);
              queue.push({ framed: { token: newToken(), entry }, resolve, reject });
            }),
        ),
      );
      // Behind a segment there is another only once it is on disk, and tables are there only on disk.
      const last = wantsSync ? view().segment() : undefined;
      if (last !== undefined && landed.some(({ segment }) => segment === last.number)) {
        await sync(last);
      }
      return landed.map(({ verdict }) => verdict);
    },
    refresh: async () => undefined,
    state: (subject) => view().books.state(subject),
    pointer: (subject) => view().books.pointer(subject),
    summary: () => summaryOver(view(), folding),
    changes: (cursor) => changesOver(view(), folding, cursor),
    settled,
    visit: (prefix, visit) => visitOver(view(), prefix, visit),
    compactWithout: async (isOver) => {
      for (let tries = 0; tries < MOST_TRIES; tries += 1) {
        await settled();
        current();
        sealed();
        if (await compact({ folder, folding, isOver })) {
          opened?.close();
          opened = undefined;
          return true;
        }
      }
      return false;
    },
    compact: async () => {
      await settled();
      current();
      seal();
      await settled();
    },
    close: () => {
      opened?.close();
      opened = undefined;
    },
  };
}

function attempt(act: () => unknown): { readonly error: unknown } | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return { error };
  }
}
