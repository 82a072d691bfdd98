/** A series as a function of time, and the ones that make a histogram. */

/** Values of a series, one a sample; undefined where it is absent. */
export type Sampled = { readonly series: string; at(timeS: number): number | undefined };

export type Labels = Readonly<Record<string, string>>;

/** Those of steps; runs have them too, here. */
const BUCKETS_S = [0.1, 0.5, 2, 10, 60, 300, 1800, 21600];

/** The cumulative buckets, sum and count of what was observed until a time. */
export function bucketsOf(
  name: string,
  labels: Labels,
  observed: (timeS: number) => readonly number[],
): readonly Sampled[] {
  return [
    ...BUCKETS_S.map((le) =>
      sampled(
        `${name}_bucket`,
        { ...labels, le: String(le) },
        (t) => observed(t).filter((value) => value <= le).length,
      ),
    ),
    sampled(`${name}_bucket`, { ...labels, le: '+Inf' }, (t) => observed(t).length),
    sampled(`${name}_count`, labels, (t) => observed(t).length),
    sampled(`${name}_sum`, labels, (t) => observed(t).reduce((sum, value) => sum + value, 0)),
  ];
}

/** A series with its labels, as OpenMetrics writes them. */
export function sampled(name: string, labels: Labels, at: Sampled['at']): Sampled {
  const inside = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return { series: `${name}{${inside.join(',')}}`, at };
}
