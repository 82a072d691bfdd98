/** What was told by a clock that ran ahead, and was put right since. Pure. */

import type { NewestOfRuns, NewestOfStep } from './newest-of.ts';

/** Clocks of machines that share a store differ by less. */
const MOST_AHEAD_MS = 3_600_000;

/** Without moments that are yet to come. */
export function knownOfStep(step: NewestOfStep, nowMs: number): NewestOfStep {
  const isKnown = knownAt(nowMs);
  const { seenMs, completedMs, failedMs, last, rows, usual, ...place } = step;
  if ([seenMs, completedMs, failedMs].every(isKnown)) return step;
  return {
    ...place,
    seenMs: isKnown(seenMs) ? seenMs : 0,
    ...(isKnown(completedMs) ? { completedMs } : {}),
    ...(isKnown(failedMs) ? { failedMs } : {}),
    ...(isKnown(last?.atMs) ? { last } : {}),
    ...(isKnown(rows?.atMs) ? { rows } : {}),
    usual: usual.filter(([atMs]) => isKnown(atMs)),
  };
}

/** The same of runs. */
export function knownOfRuns(runs: NewestOfRuns, nowMs: number): NewestOfRuns {
  const isKnown = knownAt(nowMs);
  const { seenMs, startedMs, last, completedMs, failedMs, shape, ...place } = runs;
  if ([seenMs, startedMs, last?.endedMs].every(isKnown)) return runs;
  return {
    ...place,
    seenMs: isKnown(seenMs) ? seenMs : 0,
    ...(isKnown(startedMs) ? { startedMs } : {}),
    ...(isKnown(last?.endedMs) ? { last } : {}),
    ...(isKnown(completedMs) ? { completedMs } : {}),
    ...(isKnown(failedMs) ? { failedMs } : {}),
    // What the profile says does not depend on the time at which it was read.
    ...(shape === undefined ? {} : { shape: isKnown(shape.atMs) ? shape : { ...shape, atMs: 0 } }),
  };
}

/** Further ahead than clocks of machines differ. */
export function isToCome(atMs: number, nowMs: number): boolean {
  return atMs > nowMs + MOST_AHEAD_MS;
}

function knownAt(nowMs: number): (atMs: number | undefined) => boolean {
  return (atMs) => atMs === undefined || !isToCome(atMs, nowMs);
}
