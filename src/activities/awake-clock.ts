/**
 * How long something has been going on while this process could work: a freeze (SIGSTOP, a paused container, a laptop that
 * sleeps) is not counted, for nothing could be done about it meanwhile.
 */

/** A process that works looks at its clock this often; whoever did not for longer than `FROZEN_MS` was frozen. */
const LOOK_EVERY_MS = 1_000;
const FROZEN_MS = 5_000;

export type AwakeClock = {
  /** Milliseconds since it was made, at least 1, without those in which the process was frozen. */
  elapsedMs(): number;
  stop(): void;
};

/** Starts at once. `now`: milliseconds of a clock that only goes forward; for tests. */
export function makeAwakeClock(now: () => number = () => performance.now()): AwakeClock {
  let seenAtMs = now();
  let elapsed = 0;
  const look = (): void => {
    const atMs = now();
    const sinceMs = atMs - seenAtMs;
    seenAtMs = atMs;
    elapsed += sinceMs > FROZEN_MS ? LOOK_EVERY_MS : sinceMs;
  };
  const timer = setInterval(look, LOOK_EVERY_MS).unref();
  return {
    elapsedMs: () => {
      look();
      return Math.max(1, Math.round(elapsed));
    },
    stop: () => clearInterval(timer),
  };
}
