/**
 * What happened, appended to a bucket by any number of processes on any machines, and folded by each in the same order.
 *
 * 1. An append is one request: it creates the next batch of the log, if nobody else has. Who was second reads what the
 *    first one wrote, and tries the number behind it. What is appended meanwhile goes along with it.
 * 2. Its verdict follows from what stands before it, all of which its writer has read. Both never change again.
 * 3. A request whose answer was lost is made again: it finds its own batch there and counts as done.
 * 4. What was told is in the bucket; `sync` asks for nothing more.
 * 5. A compaction changes no verdict and no state: it moves what batches say into tables.
 */

import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

import { changesOver, summaryOver, visitOver } from '../journal/reading.ts';
import { NO_HEAD, openHeads } from './heads.ts';
import { openLog } from './log.ts';
import { compactS3, removeCovered } from './s3-compact.ts';
import { openS3View } from './s3-view.ts';
import { openTables } from './tables.ts';

import type { Folding, Verdict } from '../journal/folding.ts';
import type { Framed } from '../journal/frame.ts';
import type { Journal } from '../journal/journal.ts';
import type { Head } from './heads.ts';
import type { Objects } from './objects.ts';
import type { S3View } from './s3-view.ts';

export type S3JournalOptions<Entry, State, Summary> = {
  readonly objects: Objects;
  /** Of copies of tables; made when it is needed. */
  readonly folder: string;
  readonly folding: Folding<Entry, State, Summary>;
  /** So many batches are compacted at once: so many are read at a start. */
  readonly compactEvery?: number;
  readonly staleMs?: number;
  readonly keptMs?: number;
};

const COMPACT_EVERY = 32;
/** Batches beyond which the one who should have compacted them is taken for dead. */
const MOST_BEHIND = 3;
/** Times as many batches, and a process reads the tables instead. */
const MOST_TAIL = 8;
const STALE_MS = 15 * 60 * 1000;
const KEPT_MS = 24 * 3600 * 1000;
const TIDY_EVERY_MS = 3600 * 1000;
/** Who won a number that others wanted as well lets them, who may be further away, try the next ones. */
const REST_MS = 25;
const MOST_REST_MS = 400;
/** Batches that are asked for beside each other by who was second again and again. */
const MOST_AHEAD = 4;
/** More often nobody else is first without a reason. */
const MOST_TRIES = 1000;

type Waiting<Entry> = {
  readonly framed: Framed<Entry>;
  readonly resolve: (verdict: Verdict) => void;
  readonly reject: (error: unknown) => void;
};
type Looking = { readonly resolve: () => void; readonly reject: (error: unknown) => void };

/** Opens a journal. Nothing is asked before it is used. */
export function openS3Journal<Entry, State, Summary>({
  objects,
  folder,
  folding,
  compactEvery = COMPACT_EVERY,
  staleMs = STALE_MS,
  keptMs = KEPT_MS,
}: S3JournalOptions<Entry, State, Summary>): Journal<Entry, State, Summary> {
  const me = randomBytes(6).toString('hex');
  const log = openLog<Entry>(objects);
  const heads = openHeads(objects);
  const tables = openTables(objects, folder);
  const isMine = (token: string): boolean => token.startsWith(me);
  let appends = 0;
  let opened: S3View<Entry, State, Summary> | undefined;
  let known: Head = NO_HEAD;
  let queue: Waiting<Entry>[] = [];
  let lookers: Looking[] = [];
  let working: Promise<void> | undefined;
  let compacting: Promise<void> | undefined;
  let lookedAt = -Infinity;
  /** There is a table now without states that the view still tells. */
  let isOutdated = false;
  let tidiedAt = -Infinity;
  let restUntil = -Infinity;

  const renew = async (): Promise<S3View<Entry, State, Summary>> => {
    const before = opened;
    // The one before stays readable until then.
    opened = await openS3View({ log, heads, tables, folding, isMine, staleMs }, NO_HEAD);
    before?.close();
    known = opened.head;
    isOutdated = false;
    return opened;
  };
  const readOn = async (atFirst = 1): Promise<S3View<Entry, State, Summary>> => {
    const isLong = (opened?.tail.length ?? 0) > compactEvery * MOST_TAIL;
    const isGood = opened !== undefined && !isLong && !isOutdated && (await opened.readOn(atFirst));
    const now = opened !== undefined && isGood ? opened : await renew();
    lookedAt = performance.now();
    return now;
  };

  /** Appends what waits; whoever is left afterwards was told why. */
  const flush = async (): Promise<void> => {
    const waiting = queue;
    queue = [];
    try {
      const restMs = restUntil - performance.now();
      if (restMs > 0) await pause(restMs);
      const frames = waiting.map(({ framed }) => framed);
      let collisions = 0;
      let view = opened ?? (await renew());
      for (let tries = 0; ; tries += 1) {
        const became = await view.append(frames);
        if (became === 'ours') break;
        if (tries === MOST_TRIES) throw new Error('the journal of the store takes no entry');
        if (became === 'void') view = await renew();
        else {
          collisions += 1;
          // Behind one that was first there may be none; behind two there are more.
          if (collisions % 2 === 0) view = await readOn(Math.min(MOST_AHEAD, collisions));
        }
      }
      if (collisions > 0) {
        const most = Math.min(MOST_REST_MS, REST_MS * 2 ** collisions);
        restUntil = performance.now() + Math.random() * most;
      }
      lookedAt = performance.now();
      for (const { framed, resolve } of waiting) resolve(view.books.verdict(framed));
      const number = view.last();
      const behind = number - known.covered;
      if (number % compactEvery === 0 || behind > compactEvery * MOST_BEHIND) compactSoon();
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  };

  /** One request after the other; who comes while one is made shares the next. */
  const work = async (): Promise<void> => {
    while (queue.length > 0 || lookers.length > 0) {
      const looking = lookers;
      lookers = [];
      if (queue.length > 0) {
        const before = lookedAt;
        await flush();
        // An append that was made is a look at everything before it.
        if (lookedAt > before) {
          for (const { resolve } of looking) resolve();
          continue;
        }
      }
      if (looking.length === 0) continue;
      await readOn().then(
        () => looking.forEach(({ resolve }) => resolve()),
        (error: unknown) => looking.forEach(({ reject }) => reject(error)),
      );
    }
    working = undefined;
  };
  const workSoon = (): void => {
    working ??= Promise.resolve().then(work);
  };
  const look = (): Promise<void> =>
    new Promise((resolve, reject) => {
      lookers.push({ resolve, reject });
      workSoon();
    });

  const view = (): S3View<Entry, State, Summary> => {
    if (opened === undefined) throw new Error('the journal of the store was not read');
    return opened;
  };

  const compactNow = async (
    least: number,
    isOver?: (subject: string, state: State) => boolean,
  ): Promise<boolean> => {
    await look();
    const { tail, head } = view();
    const made = await compactS3<Entry, State, Summary>({
      ...{ heads, tables, folding, least, tail: [...tail], known: head },
      ...(isOver === undefined ? {} : { isOver }),
    });
    known = made.head;
    if (made.isOurs && performance.now() - tidiedAt > TIDY_EVERY_MS) {
      tidiedAt = performance.now();
      await removeCovered({ objects, heads, tables }, keptMs);
    }
    return made.isOurs;
  };
  const compactSoon = (): void => {
    // It is work saved for later starts: a failure of it is no failure of an append.
    compacting ??= compactNow(compactEvery / 2)
      .then(() => undefined)
      .catch(() => undefined)
      .finally(() => (compacting = undefined));
  };
  const settled = async (): Promise<void> => {
    await compacting;
  };
  return {
    append: (entries) =>
      Promise.all(
        entries.map(
          (entry) =>
            new Promise<Verdict>((resolve, reject) => {
              const token = `${me}-${(appends += 1).toString(36)}`;
              queue.push({ framed: { token, entry }, resolve, reject });
              workSoon();
            }),
        ),
      ),
    refresh: async ({ mayBeOldMs = 0 } = {}) => {
      const isOld = performance.now() - lookedAt >= mayBeOldMs;
      if (opened === undefined || isOutdated || isOld) await look();
    },
    state: (subject) => view().books.state(subject),
    pointer: (subject) => view().books.pointer(subject),
    summary: () => summaryOver(view(), folding),
    changes: (cursor) => changesOver(view(), folding, cursor),
    visit: (prefix, visit) => visitOver(view(), prefix, visit),
    settled,
    compact: async () => {
      await settled();
      await compactNow(1);
      isOutdated = true;
    },
    compactWithout: async (isOver) => {
      for (let tries = 0; tries < MOST_TRIES; tries += 1) {
        await settled();
        if (!(await compactNow(0, isOver))) continue;
        isOutdated = true;
        return true;
      }
      return false;
    },
    close: () => {
      opened?.close();
      opened = undefined;
    },
  };
}
