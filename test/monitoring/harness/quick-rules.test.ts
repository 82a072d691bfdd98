import { expect, test } from '@jest/globals';
import { parse } from 'yaml';

import { quickRules } from './quick-rules.ts';

const WRITTEN = `
groups:
  - name: steps
    interval: 1m
    limit: 5
    rules:
      - record: a:b
        expr: sum by (job) (b)
        labels: { for: kept }
      - alert: Failing
        expr: rate(x{status="FAIL"}[5m]) > 0 unless y offset 10m
        for: 30s
        keep_firing_for: 10m
        labels: { severity: critical }
        annotations: { summary: 'for 30s' }
      - alert: AtOnce
        expr: up == 0
`;

test('only waiting is shortened: not an expression, a window, a label or a text', () => {
  expect(parse(quickRules(WRITTEN))).toEqual({
    groups: [
      {
        name: 'steps',
        limit: 5,
        rules: [
          { record: 'a:b', expr: 'sum by (job) (b)', labels: { for: 'kept' } },
          {
            alert: 'Failing',
            expr: 'rate(x{status="FAIL"}[5m]) > 0 unless y offset 10m',
            for: '1s',
            keep_firing_for: '1s',
            labels: { severity: 'critical' },
            annotations: { summary: 'for 30s' },
          },
          { alert: 'AtOnce', expr: 'up == 0' },
        ],
      },
    ],
  });
});
