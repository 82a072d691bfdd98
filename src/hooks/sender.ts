/**
 * Sends what is due in a state folder, each hook until it was sent or a day is over.
 *
 * 1. It never throws and holds nobody up: who waits for it says how long.
 * 2. One process at a time sends what is due of a run: it holds a lease, and what it has sent is on disk before the next
 *    may look. A kill between sending and noting makes a second message with the same key, never none.
 * 3. A receiver that hangs keeps only its own hook waiting.
 */

import { takeLease } from '../os/lease.ts';
import { attempt } from './attempt.ts';
import { makeTelling } from './telling.ts';

import type { Due, DueHook, DueHooks } from './due.ts';
import type { Sending } from './attempt.ts';
import type { Telling } from './telling.ts';

export type Sender = {
  /** What was prepared by processes that are gone is due where the end of its run is recorded. */
  adopt(): Promise<void>;
  /** Tries what may be tried now, and answers when nothing may, or after so long. */
  flush(limitMs: number): Promise<void>;
  /** Goes on trying what is due, whoever's it is, until it is closed. */
  start(): void;
  /** Breaks off what is being sent; it stays due. */
  close(): Promise<void>;
};

export type SenderOptions = Sending & {
  readonly due: DueHooks;
  /** `open`: it may still end otherwise. `gone`: it ended otherwise, or is on record no more. */
  readonly endOf: (due: Due) => Promise<'recorded' | 'open' | 'gone'>;
  /** Told in one line what failed, was given up, or was sent at last. */
  readonly say: (line: string) => void;
  /** Counts a try that failed. */
  readonly onFailure: (job: string) => void;
};

/** How often it looks for what others left or its own pauses let it try again. */
const LOOK_EVERY_MS = 1_000;
/** Runs whose hooks are sent at once. */
const MOST_AT_ONCE = 16;
/** A flush waits for a second try, which a short interruption mostly asks for. */
const SOON_MS = 1_500;
/** What another process sends, or could not be noted, is looked at again. */
const LEAVE_ALONE_MS = 5_000;
const AFTER_ERROR_MS = 60_000;
/** How often it asks whether a run ended that was prepared for and is open. */
const ASK_EVERY_MS = 10_000;

export function makeSender(options: SenderOptions): Sender {
  const { due, now } = options;
  const going = new Map<string, Promise<void>>();
  /** Not to be read before: nobody moves the time of a try forward. */
  const notBefore = new Map<string, number>();
  /** Sent here, whether or not it could be noted. */
  const sent = new Map<string, DueHook>();
  let askedMs = Number.NEGATIVE_INFINITY;
  const telling = makeTelling();
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<number> | undefined;

  /** Begins what may be tried, and answers when the next may be. */
  const look = async (): Promise<number> => {
    if (now() - askedMs >= ASK_EVERY_MS) await adopt();
    const { due: names } = await due.list();
    let nextAtMs = Number.POSITIVE_INFINITY;
    for (const name of names) {
      if (stopping.signal.aborted) break;
      if (going.has(name)) continue;
      const atMs = await firstTry(name);
      if (atMs <= now() && going.size < MOST_AT_ONCE) begin(name);
      else nextAtMs = Math.min(nextAtMs, atMs);
    }
    return nextAtMs;
  };
  const firstTry = async (name: string): Promise<number> => {
    if ((notBefore.get(name) ?? 0) > now()) return notBefore.get(name)!;
    const found = await due.read(name).catch(() => undefined);
    const atMs = found === undefined ? Number.POSITIVE_INFINITY : nextTry(found);
    if (atMs > now()) notBefore.set(name, Math.min(atMs, now() + AFTER_ERROR_MS));
    return atMs;
  };
  const begin = (name: string): void => {
    const work = sendOne(name, { ...options, sent, telling }, stopping.signal)
      .then(
        (did) => did === 'elsewhere' && notBefore.set(name, now() + LEAVE_ALONE_MS),
        () => notBefore.set(name, now() + AFTER_ERROR_MS),
      )
      .then(() => void going.delete(name));
    going.set(name, work);
  };
  const adopt = async (): Promise<void> => {
    askedMs = now();
    await promoteLeft(options).catch(() => undefined);
  };
  const lookOnce = (): Promise<number> =>
    (looking ??= look()
      .catch(() => Number.POSITIVE_INFINITY)
      .finally(() => (looking = undefined)));

  return {
    adopt,
    flush: async (limitMs) => {
      // A clock that is set back does not make it wait.
      const endMs = performance.now() + limitMs;
      while (!stopping.signal.aborted) {
        const nextAtMs = await lookOnce();
        const leftMs = endMs - performance.now();
        if (leftMs <= 0) return;
        if (going.size > 0) await orAfter(Promise.race(going.values()), leftMs);
        else if (nextAtMs - now() > Math.min(SOON_MS, leftMs)) return;
        else await orAfter(undefined, Math.max(10, nextAtMs - now()));
      }
    },
    start: () => {
      if (timer !== undefined || stopping.signal.aborted) return;
      const again = (): void => {
        void lookOnce().finally(() => {
          if (!stopping.signal.aborted) timer = setTimeout(again, LOOK_EVERY_MS).unref();
        });
      };
      timer = setTimeout(again, 0).unref();
    },
    close: async () => {
      stopping.abort();
      clearTimeout(timer);
      await looking;
      await Promise.all(going.values());
    },
  };
}

function nextTry({ hooks }: Due): number {
  const waiting = hooks.filter(({ state }) => state === 'waiting');
  // One that is wholly sent, and was not put away.
  return waiting.length === 0 ? 0 : Math.min(...waiting.map(({ nextAtMs }) => nextAtMs));
}

/** Sends the hooks of one run that may be tried now, and writes down what became of each as soon as it is known. */
async function sendOne(
  name: string,
  options: SenderOptions & { readonly sent: Map<string, DueHook>; readonly telling: Telling },
  stop: AbortSignal,
): Promise<'done' | 'elsewhere'> {
  const { due, now, sent } = options;
  const taken = await takeLease(due.leaseOf(name));
  if (!taken.taken) return 'elsewhere';
  const { lease } = taken;
  try {
    const found = await due.read(name);
    if (found === undefined) return 'done';
    let state = found;
    let writing = Promise.resolve();
    const note = (i: number, hook: DueHook): Promise<void> => {
      state = { ...state, hooks: state.hooks.map((each, at) => (at === i ? hook : each)) };
      writing = writing.then(() => {
        lease.check();
        return due.write(name, state);
      });
      return writing;
    };
    await Promise.all(
      found.hooks.map(async (hook, i) => {
        if (hook.state !== 'waiting' || hook.nextAtMs > now()) return;
        lease.check();
        const known = sent.get(hook.key);
        const after = known ?? (await attempt(hook, found.run, found.endedAtMs, options, stop));
        if (after === undefined) return;
        if (after.state === 'sent') sent.set(hook.key, after);
        await note(i, after);
        const line = options.telling.lineOf(hook, after, found.run);
        if (line !== undefined) options.say(line);
        if (after.state !== 'sent') options.onFailure(found.run.job);
      }),
    );
    if (state.hooks.every((hook) => hook.state !== 'waiting')) {
      lease.check();
      await due.finish(name, state);
      for (const { key } of state.hooks) sent.delete(key);
    }
    return 'done';
  } finally {
    lease.release();
  }
}

/** What processes prepared that were killed before they could say how the run ended: its record tells. */
async function promoteLeft({ due, endOf }: SenderOptions): Promise<void> {
  const { prepared } = await due.list();
  for (const name of prepared) {
    const found = await due.readPrepared(name).catch(() => undefined);
    if (found === undefined) continue;
    const end = await endOf(found);
    if (end === 'recorded') await due.promote(name);
    else if (end === 'gone') await due.drop(name);
  }
}

async function orAfter(work: Promise<unknown> | undefined, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race(work === undefined ? [limit] : [limit, work]);
  clearTimeout(timer);
}
