import { expect, test } from '@jest/globals';

import { makeAnswers } from './answers.ts';

import type { Asked } from './every-expression.ts';
import type { Prometheus } from './prometheus.ts';
import type { Series } from './series.ts';

const asked = (place: string, kind: Asked['kind'], labels: readonly string[] = []): Asked => ({
  place,
  kind,
  ask: 'range',
  expr: place,
  labels,
});

/** A Prometheus that knows these answers, and nothing of anything else. */
function knowing(answers: Readonly<Record<string, Partial<Series>>>): Prometheus {
  const range = async (expression: string): Promise<readonly Series[]> => {
    const series = answers[expression];
    return series === undefined
      ? []
      : [{ name: undefined, labels: {}, value: 1, values: [1], ...series }];
  };
  return { range } as unknown as Prometheus;
}

test('what no scenario filled, what lacks a label, what is no number and what cries wolf is told', async () => {
  const answers = makeAnswers([
    asked('panel of steps', 'panel', ['step']),
    asked('panel of shares', 'panel'),
    asked('new panel', 'panel'),
    asked('alert Failing', 'alert', ['step']),
    asked('alert Stuck', 'alert'),
  ]);
  const fromS = Date.now() / 1000 - 5;
  const healthy = knowing({
    'panel of steps': { labels: { step: 'load' } },
    'alert Stuck': { labels: { step: 'load' } },
  });
  const failing = knowing({
    'panel of steps': { labels: { job: 'nightly' } },
    'panel of shares': { values: [1, Number.NaN] },
    'alert Failing': { labels: { step: 'load' } },
  });
  await answers.fill('healthy', { prometheus: healthy, fromS, healthyFromS: fromS });
  await answers.fill('failing', { prometheus: failing, fromS, healthyFromS: undefined });

  expect(answers.empty()).toEqual(['new panel']);
  expect(answers.withoutLabels()).toEqual(["panel of steps in 'failing': no step"]);
  expect(answers.notNumbers()).toEqual(["panel of shares in 'failing': NaN"]);
  expect(answers.falseAlarms()).toEqual(['alert Stuck {"step":"load"}']);
  expect(answers.healthyScenarios()).toBe(1);
  expect(answers.print()).toContain('new panel\n    NOTHING\n');
  expect(answers.print()).toContain('panel of steps\n    1 in healthy; 1 in failing\n');
});
