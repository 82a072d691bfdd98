import { expect, test } from '@jest/globals';
import { parse } from 'yaml';

import { quickRules } from './quick-rules.ts';

test('only waiting is shortened: not an expression, a window, a label or a text', () => {
  const failing = {
    alert: 'Failing',
    expr: 'rate(x{status="FAIL"}[5m]) > 0 unless y offset 10m',
    labels: { severity: 'critical' },
    annotations: { summary: 'for 30s' },
  };
  const others = [
    { record: 'a:b', expr: 'sum by (job) (b)', labels: { for: 'kept' } },
    { alert: 'AtOnce', expr: 'up == 0' },
  ];
  const written = { ...failing, for: '30s', keep_firing_for: '10m' };
  const quick = { ...failing, for: '1s', keep_firing_for: '1s' };
  expect(
    parse(quickRules([{ name: 'steps', interval: '1m', rules: [written, ...others] }])),
  ).toEqual({ groups: [{ name: 'steps', rules: [quick, ...others] }] });
});
