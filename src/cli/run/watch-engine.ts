/** Notices that the embedded engine's process is gone, while something relies on it. */

const LOOK_EVERY_MS = 500;

/** Calls `onGone` once when it is. Answers how to stop looking; without `isUp` there is nothing to look at. */
export function watchEngine(isUp: (() => boolean) | undefined, onGone: () => void): () => void {
  if (isUp === undefined) return () => undefined;
  let missed = 0;
  const timer = setInterval(() => {
    // Twice in a row: one look that fails for another reason must not end a run of hours.
    missed = isUp() ? 0 : missed + 1;
    if (missed === 2) onGone();
  }, LOOK_EVERY_MS);
  return () => clearInterval(timer);
}
