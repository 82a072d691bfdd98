/** The time in which an attempt could not work, because it waited for its turn: it counts for no limit and no duration. */

export type Waits = {
  /** Answers what ends the wait; may be called more than once. */
  begin(): () => void;
  /** Milliseconds so far, of a wait that goes on as well. */
  waitedMs(): number;
};

/** `now`: milliseconds of a clock that only goes forward. */
export function makeWaits(now: () => number): Waits {
  let doneMs = 0;
  let sinceMs: number | undefined;
  return {
    begin: () => {
      sinceMs = now();
      return () => {
        if (sinceMs !== undefined) doneMs += now() - sinceMs;
        sinceMs = undefined;
      };
    },
    waitedMs: () => doneMs + (sinceMs === undefined ? 0 : now() - sinceMs),
  };
}
