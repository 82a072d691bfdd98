/**
 * Work that goes on in this process, apart from the attempts that wait for it. A server that has not heard of
 * an attempt for a while (a frozen process, a network that was away) gives it up and orders another one, although the work
 * is still going on.
 *
 * 1. Of one key there is one work at a time: an attempt joins the work that goes on, and waits for the end of one that is
 *    being stopped before it begins its own.
 * 2. Work that its last attempt has left is stopped if no other one joins it in time.
 */

export type Work<T, Why> = {
  readonly result: Promise<T>;
  /** Why it was stopped, once it is. */
  stoppedFor(): Why | undefined;
  /** Ends it for everyone who waits; the first reason counts. */
  stop(why: Why): void;
  /** This attempt waits no more. */
  leave(why: Why): void;
};

/** What begins work: `signal` is aborted when it is to stop, `stop` stops it from inside, `stoppedFor` tells why. */
export type Begin<T, Why> = (own: {
  readonly signal: AbortSignal;
  readonly stop: (why: Why) => void;
  readonly stoppedFor: () => Why | undefined;
}) => Promise<T>;

export type GoingOn<T, Why> = {
  /** The work of a key: the one that goes on, or what `begin` begins. */
  join(key: string, begin: Begin<T, Why>): Promise<Work<T, Why>>;
  /** Resolves when nothing goes on. */
  idle(): Promise<void>;
  /** How many go on. */
  count(): number;
  /** Stops everything, and waits for its end. */
  end(why: Why): Promise<void>;
};

type Held<T, Why> = {
  readonly result: Promise<T>;
  readonly stop: (why: Why) => void;
  readonly stoppedFor: () => Why | undefined;
  attempts: number;
  timer?: NodeJS.Timeout;
};

/** A server that gave an attempt up orders the next one at once; on a machine under load it takes a while to arrive. */
const JOIN_WITHIN_MS = 20_000;

/** For the attempts of one worker. */
export function makeGoingOn<T, Why>(joinWithinMs = JOIN_WITHIN_MS): GoingOn<T, Why> {
  const all = new Map<string, Held<T, Why>>();

  const start = (key: string, begin: Begin<T, Why>): Held<T, Why> => {
    const controller = new AbortController();
    let stopped: { readonly why: Why } | undefined;
    const stop = (why: Why): void => {
      stopped ??= { why };
      controller.abort(new Error('the work is being stopped'));
    };
    const stoppedFor = (): Why | undefined => stopped?.why;
    const result = begin({ signal: controller.signal, stop, stoppedFor }).finally(() => {
      clearTimeout(held.timer);
      all.delete(key);
    });
    // Whoever waited for it may have left.
    result.catch(() => undefined);
    const held: Held<T, Why> = { result, stop, stoppedFor, attempts: 0 };
    all.set(key, held);
    return held;
  };

  return {
    join: async (key, begin) => {
      let held = all.get(key);
      while (held?.stoppedFor() !== undefined) {
        await held.result.catch(() => undefined);
        held = all.get(key);
      }
      held ??= start(key, begin);
      held.attempts += 1;
      clearTimeout(held.timer);
      const { result, stop, stoppedFor } = held;
      const mine = held;
      let isLeft = false;
      return {
        result,
        stop,
        stoppedFor,
        leave: (why) => {
          if (isLeft) return;
          isLeft = true;
          mine.attempts -= 1;
          if (mine.attempts > 0 || all.get(key) !== mine) return;
          mine.timer = setTimeout(() => stop(why), joinWithinMs);
        },
      };
    },
    idle: async () => {
      while (all.size > 0) await Promise.allSettled([...all.values()].map(({ result }) => result));
    },
    count: () => all.size,
    end: async (why) => {
      for (const { stop } of all.values()) stop(why);
      await Promise.allSettled([...all.values()].map(({ result }) => result));
    },
  };
}
