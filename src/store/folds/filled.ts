/** Durations as the buckets they fall into. Pure. */

/** For each bucket that holds any: its index, how many observations, their sum in seconds. */
export type Filled = readonly (readonly [bucket: number, count: number, sumS: number])[];

/** Upper bounds in seconds of the buckets that durations are kept in. Beyond the last one is one more. */
export const DURATION_BOUNDS = Object.freeze({
  step: Object.freeze([0.1, 0.5, 2, 10, 60, 300, 1800, 21_600]),
  run: Object.freeze([1, 5, 20, 60, 300, 1800, 7200, 28_800, 86_400]),
});

/** One observation. */
export function filled(bounds: readonly number[], valueS: number): Filled {
  const found = bounds.findIndex((bound) => valueS <= bound);
  return [[found < 0 ? bounds.length : found, 1, valueS]];
}

export function mergeFilled(older: Filled, newer: Filled): Filled {
  if (newer.length === 0) return older;
  const buckets = new Map(older.map(([bucket, count, sumS]) => [bucket, [count, sumS] as const]));
  for (const [bucket, count, sumS] of newer) {
    const [n, s] = buckets.get(bucket) ?? [0, 0];
    buckets.set(bucket, [n + count, s + sumS]);
  }
  return [...buckets].map(([bucket, [count, sumS]]) => [bucket, count, sumS]);
}
