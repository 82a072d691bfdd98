/** Composition of the metrics of one process: the port, the instruments, what the worker hands in, and the goodbye. */

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { makeCounting, restoreFrom } from './counting.ts';
import { makeActivityInterceptor } from './interceptor.ts';
import { makeEventSinks } from './outcome-sink.ts';
import { loadPromClient } from './prom-client.ts';
import { addProcessMetrics } from './process-metrics.ts';
import { bindExporter } from './prometheus-exporter.ts';
import { makeSdkMetrics } from './sdk-metrics.ts';
import { makeTelemetry } from './telemetry.ts';

import type { ActivityInterceptorsFactory, TelemetryOptions } from '@temporalio/worker';
import type { RunEvent, RunKey } from '../model/events.ts';
import type { Store } from '../store/store.ts';
import type { Metering, InjectedEventSinks } from './outcome-sink.ts';

export type Metrics = {
  /** Address of `/metrics`; absent when the exporter is off. */
  readonly url?: string;
  readonly store: Store;
  /** For the SDK's runtime; absent when the exporter is off. */
  readonly runtimeMetrics?: TelemetryOptions['metrics'];
  readonly interceptors: readonly ActivityInterceptorsFactory[];
  sinks(onEvent?: (key: RunKey, event: RunEvent) => void): InjectedEventSinks;
  /** What `/readyz` answers. */
  ready(ready: boolean): void;
  /** Waits for a scrape of the final values, if someone scrapes. `stop` ends the wait. */
  linger(mode: 'auto' | number, say: (line: string) => void, stop: AbortSignal): Promise<void>;
  close(): Promise<void>;
};

export type MetricsOptions = {
  /** 0: off. */
  readonly port: number;
  readonly address: string;
  readonly store: Store;
  readonly stateDir: string;
  /** Go on from what earlier processes of this store counted on this port. */
  readonly restore: boolean;
  readonly versions: { readonly version: string; readonly node: string; readonly sdk: string };
  readonly warn: (line: string) => void;
};

/** Longest wait of `--linger auto`: four scrapes at the usual interval. */
const AUTO_LINGER_MS = 60_000;

/** Takes the port at once; everything else is ready when it answers. @throws UserError PORT_IN_USE */
export async function openMetrics(options: MetricsOptions): Promise<Metrics> {
  const { port, store, warn } = options;
  if (port === 0) return silent(store);
  const prom = await loadPromClient();
  if (prom === undefined) {
    warn('metrics   off: the package prom-client is not installed (npm install prom-client)');
    return silent(store);
  }
  const exporter = await bindExporter({ port, address: options.address });
  const telemetry = makeTelemetry({ prom });
  telemetry.build(options.versions);
  addProcessMetrics(prom, telemetry.registry);
  if (options.restore) await restoreFrom(store, port, telemetry);
  const counting = makeCounting({ store, telemetry });
  const metering: Metering = { telemetry, counting, port };
  const sdk = await makeSdkMetrics();
  const scrapes = openScrapeNote(options.stateDir, port);
  const scrapedBefore = await scrapes.read();
  let isReady = false;
  let sdkRuns = false;
  exporter.attach({
    telemetry,
    extra: async () => (sdkRuns ? sdk.read().catch(() => '') : ''),
    health: {
      ready: () => ({ ok: isReady, detail: isReady ? 'ready' : 'starting or stopping' }),
    },
    onScrape: ({ byScraper }) => {
      if (byScraper) scrapes.note();
    },
  });
  return {
    url: exporter.url,
    store,
    get runtimeMetrics() {
      sdkRuns = true;
      return sdk.telemetryOptions.metrics;
    },
    interceptors: [makeActivityInterceptor({ counting, telemetry, port })],
    sinks: (onEvent) => makeEventSinks({ metering, ...(onEvent === undefined ? {} : { onEvent }) }),
    ready: (ready) => {
      isReady = ready;
    },
    linger: async (mode, say, stop) => {
      await counting.settled();
      const wanted = mode === 'auto' ? exporter.wasScraped || scrapedBefore : mode > 0;
      if (!wanted) return;
      const limitMs = mode === 'auto' ? AUTO_LINGER_MS : mode * 1000;
      say(
        `metrics   waiting for a last scrape of ${exporter.url} (at most ${limitMs / 1000} s, Ctrl-C leaves)`,
      );
      const scraped = await firstOf(exporter.scrapedSince(Date.now()), limitMs, stop);
      say(
        scraped
          ? 'metrics   the final values were scraped'
          : 'metrics   no Prometheus scraped the final values',
      );
      if (!scraped) await scrapes.forget();
    },
    close: () => exporter.close(),
  };
}

/** The pipeline without an exporter: nothing is counted, claimed or loaded. */
function silent(store: Store): Metrics {
  return {
    store,
    interceptors: [],
    sinks: (onEvent) => makeEventSinks(onEvent === undefined ? {} : { onEvent }),
    ready: () => undefined,
    linger: async () => undefined,
    close: async () => undefined,
  };
}

async function firstOf(
  scraped: Promise<boolean>,
  limitMs: number,
  stop: AbortSignal,
): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs);
    stop.addEventListener('abort', () => resolve(false), { once: true });
  });
  try {
    return await Promise.race([scraped, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** Remembers that a port is scraped, so that the next short run waits for its scraper. */
function openScrapeNote(stateDir: string, port: number) {
  const file = join(stateDir, 'metrics', `${port}.scraped`);
  let noted = false;
  return {
    read: async (): Promise<boolean> => (await readFile(file, 'utf8').catch(() => '')) !== '',
    note: (): void => {
      if (noted) return;
      noted = true;
      void mkdir(dirname(file), { recursive: true })
        .then(() => writeFile(file, new Date().toISOString()))
        .catch(() => undefined);
    },
    forget: async (): Promise<void> => {
      noted = false;
      await writeFile(file, '').catch(() => undefined);
    },
  };
}
