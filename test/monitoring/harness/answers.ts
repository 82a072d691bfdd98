/** What each expression gave in each scenario, and what is wrong with that. Filled by the scenarios, printed as a table. */

import type { Asked } from './every-expression.ts';
import type { Prometheus } from './prometheus.ts';
import type { Series } from './series.ts';
import type { Played } from './stage.ts';

export type Answers = {
  /** Asks everything over the whole time of a scenario, second by second. */
  fill(scenario: string, played: Played): Promise<void>;
  /** Expressions that no scenario filled. */
  empty(): readonly string[];
  /** Series without a label that a legend or a description names. */
  withoutLabels(): readonly string[];
  /** Panels that would draw what is no number. */
  notNumbers(): readonly string[];
  /** Alert rules that returned something while nothing was wrong. */
  falseAlarms(): readonly string[];
  /** How many scenarios said since when nothing was wrong. */
  healthyScenarios(): number;
  /** Expression -> scenario -> series returned. */
  print(): string;
};

export function makeAnswers(expressions: readonly Asked[]): Answers {
  const filled = new Map<string, Map<string, number>>(
    expressions.map(({ place }) => [place, new Map()]),
  );
  const bare: string[] = [];
  const notNumbers: string[] = [];
  const falseAlarms: string[] = [];
  let healthy = 0;

  function judge(
    { place, kind, labels }: Asked,
    scenario: string,
    series: readonly Series[],
  ): void {
    filled.get(place)?.set(scenario, series.length);
    for (const one of series) {
      const missing = labels.filter((label) => (one.labels[label] ?? '') === '');
      if (missing.length > 0) bare.push(`${place} in '${scenario}': no ${missing.join(', ')}`);
      const isDrawn = kind === 'panel' || kind === 'annotation';
      if (isDrawn && !one.values.every(Number.isFinite)) {
        notNumbers.push(
          `${place} in '${scenario}': ${one.values.find((v) => !Number.isFinite(v))}`,
        );
      }
    }
  }

  return {
    async fill(scenario, { prometheus, fromS, healthyFromS }) {
      const toS = Date.now() / 1000;
      // Counted back from the end, so that the very last moment is among those asked about.
      const sinceS = (s: number): number => toS - Math.floor(toS - s);
      for (const asked of expressions) {
        judge(asked, scenario, await answer(prometheus, asked, sinceS(fromS), toS));
      }
      if (healthyFromS === undefined) return;
      healthy += 1;
      for (const { place, kind, expr } of expressions) {
        if (kind !== 'alert') continue;
        const series = await prometheus.range(expr, sinceS(healthyFromS), toS);
        for (const { labels } of series) falseAlarms.push(`${place} ${JSON.stringify(labels)}`);
      }
    },
    empty: () =>
      expressions
        .map(({ place }) => place)
        .filter((place) => ![...(filled.get(place)?.values() ?? [])].some((count) => count > 0)),
    withoutLabels: () => [...new Set(bare)],
    notNumbers: () => [...new Set(notNumbers)],
    falseAlarms: () => falseAlarms,
    healthyScenarios: () => healthy,
    print: () =>
      [...filled]
        .map(([place, scenarios]) => {
          const some = [...scenarios].filter(([, count]) => count > 0);
          const told = some.map(([scenario, count]) => `${count} in ${scenario}`).join('; ');
          return `${place}\n    ${told === '' ? 'NOTHING' : told}\n`;
        })
        .join(''),
  };
}

async function answer(
  prometheus: Prometheus,
  { ask, expr, labels }: Asked,
  fromS: number,
  toS: number,
): Promise<readonly Series[]> {
  if (ask !== 'label values') return prometheus.range(expr, fromS, toS);
  const [label = ''] = labels;
  const values = await prometheus.labelValues(label, expr);
  return values.map((value) => ({
    name: undefined,
    labels: { [label]: value },
    value: 1,
    values: [1],
  }));
}
