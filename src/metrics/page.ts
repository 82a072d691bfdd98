/** A page in the text format of Prometheus, made of samples of the catalogue. Pure. */

import { CATALOGUE } from './catalogue.ts';

import type { Filled } from '../store/folds/filled.ts';
import type { MetricName, MetricSpec } from './catalogue.ts';

export type Page = {
  /** Adds a sample; labels as `labelText` makes them. */
  add(name: MetricName, labels: string, value: number): void;
  /** Adds every series of a histogram. */
  addHistogram(name: MetricName, labels: string, filled: Filled): void;
  /** Samples so far. */
  count(): number;
  /** Each metric once, in the order of the catalogue; with its HELP also one without samples. */
  text(): string;
};

export function makePage(): Page {
  const lines = new Map<string, string[]>(CATALOGUE.map(({ name }) => [name, []]));
  let count = 0;
  const linesOf = (name: MetricName): string[] => lines.get(name)!;
  return {
    add: (name, labels, value) => {
      count += 1;
      linesOf(name).push(labels === '' ? `${name} ${value}` : `${name}{${labels}} ${value}`);
    },
    addHistogram: (name, labels, filled) => {
      const bounds = BOUNDS.get(name) ?? [];
      const counts = Array.from({ length: bounds.length + 1 }, () => 0);
      let sumS = 0;
      for (const [bucket, n, s] of filled) {
        counts[bucket] = (counts[bucket] ?? 0) + n;
        sumS += s;
      }
      const to = linesOf(name);
      let total = 0;
      for (const [i, n] of counts.entries()) {
        total += n;
        to.push(`${name}_bucket{${labels},le="${bounds[i] ?? '+Inf'}"} ${total}`);
      }
      to.push(`${name}_sum{${labels}} ${sumS}`, `${name}_count{${labels}} ${total}`);
      count += counts.length + 2;
    },
    count: () => count,
    text: () =>
      CATALOGUE.map(({ name, help, type }) => {
        const head = `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
        const samples = linesOf(name);
        return samples.length === 0 ? head : `${head}${samples.join('\n')}\n`;
      }).join('\n'),
  };
}

const BOUNDS = new Map<string, readonly number[]>(
  (CATALOGUE as readonly MetricSpec[]).map(({ name, buckets = [] }) => [name, buckets]),
);

/** Labels as they stand between braces. */
export function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',');
}

/** A label's value as it stands between quotes. */
export function escaped(value: string): string {
  return /["\\\n]/.test(value)
    ? value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
    : value;
}
