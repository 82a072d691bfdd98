/** The Temporal SDK's own metrics: the runtime settings that make it serve them, and a reader of what it serves. */

import { createServer } from 'node:net';

import type { TelemetryOptions } from '@temporalio/worker';

export type SdkMetrics = {
  /** For `telemetryOptions` of `Runtime.install`. Another port each time it is read, should the last have been taken. */
  readonly telemetryOptions: Pick<TelemetryOptions, 'metrics'>;
  /** What the SDK serves now. @throws Error if it does not answer within two seconds. */
  read(): Promise<string>;
};

const READ_TIMEOUT_MS = 2_000;

/** Settings that let the SDK serve on a free port of the loopback; `read` fetches from there. */
export async function makeSdkMetrics(): Promise<SdkMetrics> {
  let next = await freePort();
  let bindAddress = '';
  return {
    get telemetryOptions() {
      bindAddress = `127.0.0.1:${next}`;
      next = anyPort();
      return {
        metrics: {
          prometheus: {
            bindAddress,
            countersTotalSuffix: true,
            unitSuffix: true,
            useSecondsForDurations: true,
          },
        },
      };
    },
    async read() {
      const signal = AbortSignal.timeout(READ_TIMEOUT_MS);
      const response = await fetch(`http://${bindAddress}/metrics`, { signal });
      if (!response.ok) throw new Error(`the SDK answered ${response.status}`);
      return response.text();
    },
  };
}

/** Below what systems hand out by themselves, so that the engine's own ports are elsewhere. */
function anyPort(): number {
  return 15_000 + Math.floor(Math.random() * 15_000);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}
