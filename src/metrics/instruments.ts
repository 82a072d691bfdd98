/**
 * The catalogue as live instruments, with a bound on the number of series. Never throws on the path of a step.
 *
 * 1. Beyond `maxSeries` a new label set is not created; those already there go on counting.
 * 2. Errors are counted under `reason` even when the bound is reached.
 */

import { CATALOGUE, MAX_SERIES, METRICS_ERRORS } from './catalogue.ts';

import type { InstrumentSpec, LabelsOf, MetricsError, NameOf } from './catalogue.ts';
import type { PromClient, PromRegistry } from './prom-client.ts';

type AnyName = InstrumentSpec['name'];
type AnyLabels = Readonly<Record<string, string>>;

export type Instruments = {
  readonly registry: PromRegistry;
  /** Adds to a counter; 0 makes the series appear. */
  add<N extends NameOf<'counter'>>(name: N, labels: LabelsOf<N>, by?: number): void;
  /** Sets a gauge. */
  set<N extends NameOf<'gauge'>>(name: N, labels: LabelsOf<N>, value: number): void;
  /** Sets a gauge unless it already holds something larger: for "time of the last ...". */
  raise<N extends NameOf<'gauge'>>(name: N, labels: LabelsOf<N>, value: number): void;
  /** Takes a gauge's series away. */
  remove<N extends NameOf<'gauge'>>(name: N, labels: LabelsOf<N>): void;
  /** Puts a value into a histogram. */
  observe<N extends NameOf<'histogram'>>(name: N, labels: LabelsOf<N>, value: number): void;
  /** Makes a histogram's series appear at 0; leaves one that is there alone. */
  open<N extends NameOf<'histogram'>>(name: N, labels: LabelsOf<N>): void;
  error(reason: MetricsError): void;
  /** Series of ours at this moment. */
  seriesCount(): number;
  /** The values of the lasting instruments, as plain JSON. */
  dump(): Totals;
  /** Puts dumped values in, all or none. False: they are not of this catalogue. */
  load(totals: Totals): boolean;
};

/**
 * By instrument: label values in the catalogue's order, and what they hold. A histogram holds for each of its
 * buckets that has any the index, the number of observations and their sum: enough to observe them again.
 */
export type Totals = Readonly<
  Record<string, readonly (readonly [labels: readonly string[], value: number | Filled])[]>
>;
type Filled = readonly (readonly [bucket: number, count: number, sum: number])[];

/** Builds every instrument of the catalogue in a registry of its own. */
export function makeInstruments({
  prom,
  maxSeries = MAX_SERIES,
}: {
  readonly prom: PromClient;
  readonly maxSeries?: number;
}): Instruments {
  const registry: PromRegistry = new prom.Registry();
  const counters = new Map<string, InstanceType<PromClient['Counter']>>();
  const gauges = new Map<string, InstanceType<PromClient['Gauge']>>();
  const histograms = new Map<string, InstanceType<PromClient['Histogram']>>();
  const specs = new Map<string, InstrumentSpec>();
  /** The label sets that exist, by instrument, with the value of a counter or gauge. */
  const known = new Map<string, Map<string, number>>();
  /** What each label set of a histogram has observed: count and sum by index of the bucket. */
  const observed = new Map<string, Map<number, { count: number; sum: number }>>();
  let series = 0;

  for (const spec of CATALOGUE as readonly InstrumentSpec[]) {
    const { name, help } = spec;
    const options = { name, help, labelNames: [...spec.labels], registers: [registry] };
    specs.set(name, spec);
    known.set(name, new Map());
    if (spec.type === 'histogram') {
      histograms.set(name, new prom.Histogram({ ...options, buckets: [...spec.buckets] }));
    } else if (spec.type === 'counter') counters.set(name, new prom.Counter(options));
    else gauges.set(name, new prom.Gauge(options));
  }

  function keyOf(name: AnyName, labels: AnyLabels): string {
    return get(specs, name)
      .labels.map((label) => labels[label])
      .join(SEPARATOR);
  }

  /** True if the label set exists or may come into being; counts its series if it is new. */
  function admit(name: AnyName, key: string): boolean {
    const sets = get(known, name);
    if (sets.has(key)) return true;
    const cost = seriesOf(get(specs, name));
    if (series + cost > maxSeries && name !== ERRORS) {
      error('series_limit');
      return false;
    }
    series += cost;
    sets.set(key, 0);
    return true;
  }

  function addTo(name: AnyName, labels: AnyLabels, by: number): void {
    const key = keyOf(name, labels);
    if (!admit(name, key)) return;
    const sets = get(known, name);
    sets.set(key, (sets.get(key) ?? 0) + by);
    get(counters, name).inc({ ...labels }, by);
  }

  function observeIn(name: AnyName, labels: AnyLabels, value: number): void {
    const key = keyOf(name, labels);
    if (!admit(name, key)) return;
    get(histograms, name).observe({ ...labels }, value);
    const bounds = boundsOf(get(specs, name));
    const found = bounds.findIndex((bound) => value <= bound);
    const bucket = found < 0 ? bounds.length : found;
    const set = `${name}${SEPARATOR}${key}`;
    const filled = observed.get(set) ?? new Map<number, { count: number; sum: number }>();
    observed.set(set, filled);
    const { count, sum } = filled.get(bucket) ?? { count: 0, sum: 0 };
    filled.set(bucket, { count: count + 1, sum: sum + value });
  }

  function valueOf(spec: InstrumentSpec, key: string): number | Filled {
    if (spec.type !== 'histogram') return get(known, spec.name).get(key) ?? 0;
    const filled = observed.get(`${spec.name}${SEPARATOR}${key}`) ?? new Map();
    return [...filled].map(([bucket, { count, sum }]) => [bucket, count, sum] as const);
  }

  /** Puts one dumped label set in. */
  function putIn(spec: InstrumentSpec, values: readonly string[], value: number | Filled): void {
    const { name } = spec;
    const labels = Object.fromEntries(spec.labels.map((label, i) => [label, values[i] ?? '']));
    const key = keyOf(name, labels);
    if (spec.type === 'counter') return addTo(name, labels, value as number);
    const isNew = !get(known, name).has(key);
    if (!admit(name, key)) return;
    if (spec.type === 'gauge') return setGauge(name, key, labels, value as number);
    if (isNew) get(histograms, name).zero({ ...labels });
    for (const [bucket, count, sum] of value as Filled) {
      // Their mean lies in their bucket; a rounding error must not carry it over the bound.
      const mean = Math.min(sum / count, boundsOf(spec)[bucket] ?? Number.POSITIVE_INFINITY);
      for (let i = 0; i < count; i += 1) observeIn(name, labels, mean);
    }
  }

  function setGauge(name: AnyName, key: string, labels: AnyLabels, value: number): void {
    get(known, name).set(key, value);
    get(gauges, name).set({ ...labels }, value);
  }

  function error(reason: MetricsError): void {
    if (admit(ERRORS, reason)) get(counters, ERRORS).inc({ reason });
  }

  for (const reason of Object.keys(METRICS_ERRORS)) {
    if (admit(ERRORS, reason)) get(counters, ERRORS).inc({ reason }, 0);
  }

  return {
    registry,
    add: (name, labels, by = 1) => addTo(name, labels, by),
    set(name, labels, value) {
      const key = keyOf(name, labels);
      if (admit(name, key)) setGauge(name, key, labels, value);
    },
    raise(name, labels, value) {
      const key = keyOf(name, labels);
      if (!admit(name, key)) return;
      if (value > (get(known, name).get(key) ?? 0)) setGauge(name, key, labels, value);
    },
    remove(name, labels) {
      if (!get(known, name).delete(keyOf(name, labels))) return;
      series -= 1;
      get(gauges, name).remove({ ...labels });
    },
    observe: (name, labels, value) => observeIn(name, labels, value),
    open(name, labels) {
      const key = keyOf(name, labels);
      if (get(known, name).has(key) || !admit(name, key)) return;
      get(histograms, name).zero({ ...labels });
    },
    error,
    seriesCount: () => series,
    dump: () =>
      Object.fromEntries(
        LASTING.map((spec) => [
          spec.name,
          [...get(known, spec.name).keys()].map((key) => [
            key.split(SEPARATOR),
            valueOf(spec, key),
          ]),
        ]),
      ),
    load(totals) {
      if (!isOfCatalogue(totals)) return false;
      for (const spec of LASTING) {
        for (const [values, value] of totals[spec.name] ?? []) putIn(spec, values, value);
      }
      return true;
    },
  };
}

const ERRORS = 'pipeline_metrics_errors_total';
/** Stands between label values in a key; no label has it. */
const SEPARATOR = '\u0000';

const LASTING = (CATALOGUE as readonly InstrumentSpec[]).filter(({ lasting }) => lasting === true);

/** Written by this version or by one with the same instruments: names, number of labels, kind of value. */
function isOfCatalogue(totals: Totals): boolean {
  return (
    Object.keys(totals).length === LASTING.length &&
    LASTING.every((spec) => {
      const sets = totals[spec.name];
      const isHistogram = spec.type === 'histogram';
      return (
        Array.isArray(sets) &&
        sets.every(
          ([labels, value]) =>
            labels.length === spec.labels.length &&
            (isHistogram ? Array.isArray(value) : typeof value === 'number'),
        )
      );
    })
  );
}

function boundsOf(spec: InstrumentSpec): readonly number[] {
  return spec.type === 'histogram' ? spec.buckets : [];
}

/** Series of one label set: a histogram has its buckets, the infinite one, a sum and a count. */
function seriesOf(spec: InstrumentSpec): number {
  return spec.type === 'histogram' ? spec.buckets.length + 3 : 1;
}

function get<T>(map: Map<string, T>, name: string): T {
  const found = map.get(name);
  if (found === undefined) throw new Error(`no such instrument: ${name}`);
  return found;
}
