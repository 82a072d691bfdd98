/**
 * Puts many earlier observations into a histogram at once. prom-client only takes them one by one: some 100,000 of
 * them would hold up every start, so they go into its own table where that is as it is known to be.
 */

import type { Filled } from '../store/folds/counters.ts';
import type { PromClient } from './prom-client.ts';

type Histogram = InstanceType<PromClient['Histogram']>;

/** What prom-client 15 keeps for a label set. */
type Kept = {
  readonly labels: Readonly<Record<string, string>>;
  readonly bucketValues: Record<number, number>;
  sum: number;
  count: number;
};

/** Adds `filled` to a label set that exists. `bounds` are the upper bounds of the buckets. */
export function refillHistogram(
  histogram: Histogram,
  labels: Readonly<Record<string, string>>,
  { bounds, filled }: { readonly bounds: readonly number[]; readonly filled: Filled },
): void {
  const kept = keptOf(histogram, labels);
  for (const [bucket, count, sum] of filled) {
    const bound = bounds[bucket];
    // Their mean lies in their bucket; a rounding error must not carry it over the bound.
    const mean = Math.min(sum / count, bound ?? Number.POSITIVE_INFINITY);
    if (kept === undefined) {
      for (let i = 0; i < count; i += 1) histogram.observe({ ...labels }, mean);
    } else {
      kept.sum += sum;
      kept.count += count;
      if (bound !== undefined) kept.bucketValues[bound]! += count;
    }
  }
}

/** Searched from the end: a set is mostly filled right after it was made. */
function keptOf(histogram: Histogram, labels: Readonly<Record<string, string>>): Kept | undefined {
  const { hashMap } = histogram as unknown as { readonly hashMap?: Readonly<Record<string, Kept>> };
  const kept = Object.values(hashMap ?? {}).findLast(({ labels: of }) =>
    Object.entries(labels).every(([name, value]) => of?.[name] === value),
  );
  const isKnown =
    typeof kept?.sum === 'number' &&
    typeof kept.count === 'number' &&
    typeof kept.bucketValues === 'object' &&
    Object.values(kept.bucketValues).every((value) => typeof value === 'number');
  return isKnown ? kept : undefined;
}
