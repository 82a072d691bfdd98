/**
 * The catalogue as live instruments, with a bound on the number of series. Never throws on the path of a step.
 *
 * 1. Beyond `maxSeries` a new label set is not created; those already there go on counting.
 * 2. Errors are counted under `reason` even when the bound is reached.
 */

import { CATALOGUE, MAX_SERIES, METRICS_ERRORS } from './catalogue.ts';
import { refillHistogram } from './refill-histogram.ts';

import type { InstrumentSpec, LabelsOf, MetricsError, NameOf } from './catalogue.ts';
import type { Filled } from '../store/folds/counters.ts';
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
  /** Puts what was observed earlier into a histogram: for each bucket that holds any, how many and their sum. */
  refill<N extends NameOf<'histogram'>>(name: N, labels: LabelsOf<N>, filled: Filled): void;
};

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
  }

  function refill(name: AnyName, labels: AnyLabels, filled: Filled): void {
    if (filled.length === 0) return;
    openIn(name, labels);
    if (!get(known, name).has(keyOf(name, labels))) return;
    const { buckets: bounds } = get(specs, name) as Extract<InstrumentSpec, { type: 'histogram' }>;
    refillHistogram(get(histograms, name), labels, { bounds, filled });
  }

  function openIn(name: AnyName, labels: AnyLabels): void {
    const key = keyOf(name, labels);
    if (get(known, name).has(key) || !admit(name, key)) return;
    get(histograms, name).zero({ ...labels });
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
    open: (name, labels) => openIn(name, labels),
    refill: (name, labels, filled) => refill(name, labels, filled),
    error,
    seriesCount: () => series,
  };
}

const ERRORS = 'pipeline_metrics_errors_total';
/** Stands between label values in a key; no label has it. */
const SEPARATOR = '\u0000';

/** Series of one label set: a histogram has its buckets, the infinite one, a sum and a count. */
function seriesOf(spec: InstrumentSpec): number {
  return spec.type === 'histogram' ? spec.buckets.length + 3 : 1;
}

function get<T>(map: Map<string, T>, name: string): T {
  const found = map.get(name);
  if (found === undefined) throw new Error(`no such instrument: ${name}`);
  return found;
}
