import { createServer } from 'node:net';

import { afterEach, expect, test } from '@jest/globals';
import { Runtime } from '@temporalio/worker';

import { makeSdkMetrics } from '../../../src/metrics/sdk-metrics.ts';
import { needRuntime } from '../../../src/run/worker/runtime.ts';

import type { AddressInfo } from 'node:net';

afterEach(() => Runtime.instance().shutdown());

test('a port that was taken in between is no end: the SDK serves on another', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const bindAddress = `127.0.0.1:${(taken.address() as AddressInfo).port}`;
  const sdk = await makeSdkMetrics();
  let isFirst = true;
  needRuntime(() => {
    const { metrics } = sdk.telemetryOptions;
    const asked = isFirst ? { prometheus: { bindAddress } } : metrics;
    isFirst = false;
    return asked;
  });
  await expect(sdk.read()).resolves.toBeDefined();
  await new Promise((resolve) => taken.close(resolve));
});

test('a run needs no metrics of the SDK: where none can be served it starts without', () => {
  let asked = 0;
  needRuntime(() => {
    asked += 1;
    return { prometheus: { bindAddress: '192.0.2.1:1' } };
  });
  expect(asked).toBe(5);
});
