/** Records by key, and how two of them become one. Pure. */

/** Every key of both; where both have one, what `merge` makes of it. */
export function mergeBy<T>(
  older: Readonly<Record<string, T>>,
  newer: Readonly<Record<string, T>>,
  merge: (older: T, newer: T) => T,
): Readonly<Record<string, T>> {
  const all: Record<string, T> = { ...older };
  for (const [key, value] of Object.entries(newer)) {
    const before = Object.hasOwn(all, key) ? all[key] : undefined;
    all[key] = before === undefined ? value : merge(before, value);
  }
  return all;
}

/** What a metric is about: a step, or, without one, the runs of a job and profile. */
export type Place = { readonly job: string; readonly profile: string; readonly step?: string };

/** The key of a place in such records. */
export function placeKey({ job, profile, step }: Place): string {
  return JSON.stringify([job, profile, step]);
}

/** Adds what is known of a place to what was known before. */
export function addTo<T extends Place>(
  all: Record<string, T>,
  more: T,
  merge: (older: T, newer: T) => T,
): void {
  const key = placeKey(more);
  const before = all[key];
  all[key] = before === undefined ? more : merge(before, more);
}
