import { expect, test } from '@jest/globals';

import { sdkPage } from '../../src/metrics/sdk-page.ts';

const page = (...queues: readonly string[]): string =>
  [
    '# TYPE temporal_request_total counter',
    ...queues.map(
      (queue, i) => `temporal_request_total{namespace="n",task_queue="${queue}"} ${i + 1}`,
    ),
    'temporal_request_total{namespace="n",operation="x"} 7',
    '# TYPE temporal_latency_seconds histogram',
    ...queues.flatMap((queue) => [
      `temporal_latency_seconds_bucket{task_queue="${queue}",worker="w",le="1"} 2`,
      `temporal_latency_seconds_sum{task_queue="${queue}",worker="w"} 0.5`,
    ]),
    '',
  ].join('\n');

const samples = (text: string): readonly string[] =>
  text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

test('the queues of single runs have no name, and are added up; a queue that stays keeps its own', () => {
  expect(samples(sdkPage(page('sales-1', 'builder', 'sales-2'), new Set(['builder'])))).toEqual([
    'temporal_request_total{namespace="n"} 4',
    'temporal_request_total{namespace="n",task_queue="builder"} 2',
    'temporal_request_total{namespace="n",operation="x"} 7',
    'temporal_latency_seconds_bucket{worker="w",le="1"} 4',
    'temporal_latency_seconds_sum{worker="w"} 1',
    'temporal_latency_seconds_bucket{task_queue="builder",worker="w",le="1"} 2',
    'temporal_latency_seconds_sum{task_queue="builder",worker="w"} 0.5',
  ]);
});

test('a thousand runs have as many series as one', () => {
  const runs = Array.from({ length: 1000 }, (_, i) => `sales-${i}`);
  const many = samples(sdkPage(page(...runs), new Set()));
  expect(many).toHaveLength(samples(sdkPage(page('sales-0'), new Set())).length);
  expect(many).toContain('temporal_latency_seconds_sum{worker="w"} 500');
});

test('a metric without a help gets one, and there is one of each', () => {
  const helped = `# HELP temporal_latency_seconds As it was.\n${page('a')}`;
  const text = sdkPage(helped, new Set());
  expect(text).toContain(
    '# HELP temporal_request_total request total, as counted by the Temporal SDK.',
  );
  expect(text.match(/^# HELP temporal_latency_seconds .*$/gm)).toEqual([
    '# HELP temporal_latency_seconds As it was.',
  ]);
  expect(sdkPage('', new Set())).toBe('');
});
