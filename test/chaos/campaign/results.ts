/** What campaigns have found so far: a file of one case a line, to which each call adds, so that the next goes on behind it. */

import { appendFileSync, existsSync, readFileSync } from 'node:fs';

import type { CaseReport } from './case.ts';

export type Kind = 'embedded' | 'fleet';

export type Result = Omit<CaseReport, 'said'> & {
  readonly kind: Kind;
  /** The commit that was tried, where git tells it. */
  readonly commit: string;
};

/** Results by line; a line that was cut off is none. */
export function readResults(file: string): readonly Result[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as Result];
      } catch {
        return [];
      }
    });
}

/** Adds one. */
export function addResult(file: string, result: Result): void {
  appendFileSync(file, `${JSON.stringify(result)}\n`);
}

/** The first seed behind those that were played. */
export function nextSeed(results: readonly Result[], kind: Kind): number {
  return 1 + Math.max(0, ...results.filter((one) => one.kind === kind).map(({ seed }) => seed));
}

/** The sums over all, as lines. A seed that was played again counts as it ended last. */
export function summaryOf(results: readonly Result[]): readonly string[] {
  const last = new Map(results.map((one) => [`${one.kind} ${one.seed}`, one]));
  const all = [...last.values()];
  return (['embedded', 'fleet'] as const).flatMap((kind) => {
    const mine = all.filter((one) => one.kind === kind);
    if (mine.length === 0) return [];
    const faults = mine.reduce((sum, { faultsThatHit }) => sum + faultsThatHit, 0);
    const bad = mine.filter(({ violations }) => violations.length > 0);
    const first = mine.flatMap(({ firstStepMs }) => firstStepMs).toSorted((a, b) => a - b);
    const seeds = mine.map(({ seed }) => seed).toSorted((a, b) => a - b);
    return [
      `${kind}: ${mine.length} cases, ${faults} faults, ${bad.length} with a violation; seeds ${rangesOf(seeds)}`,
      ...(bad.length > 0 ? [`  violations at seeds ${bad.map(({ seed }) => seed).join(' ')}`] : []),
      ...(first.length > 0
        ? [
            `  first new step after resume (${first.length}): median ${middle(first)} ms, worst ${first.at(-1)} ms`,
          ]
        : []),
    ];
  });
}

function middle(sorted: readonly number[]): number {
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function rangesOf(seeds: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const seed of seeds) {
    const range = ranges.at(-1);
    if (range !== undefined && seed === range[1] + 1) range[1] = seed;
    else ranges.push([seed, seed]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(' ');
}
