/** Composition of the metrics of one process: where they go, the instruments, what the worker hands in, and the goodbye. */

import { join } from 'node:path';

import { makeCounting } from './counting.ts';
import { makeActivityInterceptor } from './interceptor.ts';
import { openMetricsFile } from './metrics-file.ts';
import { makeEventSinks } from './outcome-sink.ts';
import { loadPromClient, NOT_INSTALLED } from './prom-client.ts';
import { processMetrics } from './process-metrics.ts';
import { bindExporter } from './prometheus-exporter.ts';
import { keepAdopting } from './adopting.ts';
import { linger, waitFor } from './lingering.ts';
import { openScrapeNote } from './scrape-note.ts';
import { makeScrapers } from './scrapers.ts';
import { makeSdkMetrics } from './sdk-metrics.ts';
import { sdkPage } from './sdk-page.ts';
import { makeTelemetry } from './telemetry.ts';

import type { ActivityInterceptorsFactory, TelemetryOptions } from '@temporalio/worker';
import type { RunEvent, RunKey, RunShape } from '../model/events.ts';
import type { Store } from '../store/store.ts';
import type { Metering, InjectedEventSinks } from './outcome-sink.ts';
import type { Exporter, Probe } from './prometheus-exporter.ts';
import type { Mode, QueueAges } from './telemetry.ts';
import type { WebConfig } from './web-config.ts';

export type Health = {
  /** `/healthz`: restart me if not. */
  alive(): Probe | Promise<Probe>;
  /** `/readyz`: I take work. */
  ready(): Probe | Promise<Probe>;
};

export type Metrics = {
  /** Address of `/metrics`; absent when the exporter is off. */
  readonly url?: string;
  readonly store: Store;
  /** For the SDK's runtime; absent when no metrics are wanted. */
  readonly runtimeMetrics?: TelemetryOptions['metrics'];
  readonly interceptors: readonly ActivityInterceptorsFactory[];
  sinks(onEvent?: (key: RunKey, event: RunEvent) => void): InjectedEventSinks;
  /** Makes the series of a run appear that this process has not executed. */
  show(shape: RunShape): void;
  /** What `/healthz` and `/readyz` answer from now on; before, nothing is ready. */
  health(health: Health): void;
  /** Shows how long task queues have gone unserved, until what it answers is called. */
  watchQueues(ages: QueueAges): () => void;
  /** A hook could not be sent. */
  hookFailed(): void;
  /** The worker is about to stop: nothing is ready, and what the SDK says now is what a last scrape gets. */
  stopping(): Promise<void>;
  /**
   * Makes the series of a run appear and waits, at most so long, until they were scraped: what is first seen
   * at 1 is no increase to Prometheus. `stop` ends the wait.
   */
  awaitScrape(shape: RunShape, seconds: number, say: Say, stop: AbortSignal): Promise<void>;
  /** Waits for a scrape of the final values, if someone scrapes. `stop` ends the wait. */
  linger(mode: 'auto' | number, say: Say, stop: AbortSignal): Promise<void>;
  close(): Promise<void>;
};

type Say = (line: string) => void;

export type MetricsOptions = {
  /** 0: off. */
  readonly port: number;
  readonly address: string;
  readonly web?: WebConfig;
  /** File for a collector of text files, absolute. */
  readonly file?: string;
  readonly store: Store;
  readonly stateDir: string;
  /** A process that serves until it is told to stop counts for those without an exporter, too. */
  readonly mode: Mode;
  /** Name that this process counts under, where that is not its port or file: it goes on from what that counted before. */
  readonly exporter?: string;
  /** Task queues that outlive a run: the SDK's metrics name them. */
  readonly queues: readonly string[];
  readonly versions: { readonly version: string; readonly node: string; readonly sdk: string };
  readonly warn: Say;
};

/** Takes the port and the file at once; everything else is ready when it answers. @throws UserError PORT_IN_USE, METRICS_FILE_BUSY */
export async function openMetrics(options: MetricsOptions): Promise<Metrics> {
  const { port, file, store, stateDir, warn } = options;
  const off = silent(store);
  if (port === 0 && file === undefined) return off;
  const prom = await loadPromClient();
  if (prom === undefined) {
    warn(NOT_INSTALLED);
    return off;
  }
  const { address, web } = options;
  const bound =
    port === 0
      ? undefined
      : await bindExporter({ port, address, ...(web === undefined ? {} : { web }) });
  let adopting: Awaited<ReturnType<typeof keepAdopting>> | undefined;
  try {
    const exporter = options.exporter ?? (port === 0 ? `file:${file}` : String(port));
    const folder = join(stateDir, 'metrics');
    const { mode, versions } = options;
    const telemetry = makeTelemetry({ store, exporter, mode, versions, stateDir });
    adopting =
      mode === 'long-lived'
        ? await keepAdopting({ store, exporter, turn: store.adopting })
        : undefined;
    const written = file === undefined ? undefined : await openMetricsFile(file, telemetry, warn);
    const counting = makeCounting({ store, counter: { telemetry, exporter } });
    const seed = (shape: RunShape): void => {
      telemetry.seed(shape);
      void written?.write();
    };
    const metering: Metering = { telemetry: { seed, seedStep: telemetry.seedStep }, counting };
    const scraping =
      bound === undefined
        ? undefined
        : await serve(bound, {
            telemetry,
            folder,
            port,
            adopting: store.adopting,
            process: processMetrics(prom),
            queues: new Set(options.queues),
          });
    return {
      ...(bound === undefined ? {} : { url: bound.url }),
      store,
      get runtimeMetrics() {
        return scraping?.runtimeMetrics();
      },
      interceptors: [makeActivityInterceptor(metering)],
      sinks: (onEvent) =>
        makeEventSinks({ metering, ...(onEvent === undefined ? {} : { onEvent }) }),
      health: (health) => scraping?.health(health),
      show: telemetry.seed,
      watchQueues: telemetry.watchQueues,
      hookFailed: () => telemetry.metricsError('hook'),
      stopping: async () => {
        scraping?.health(undefined);
        await scraping?.readSdk();
      },
      awaitScrape: async (shape, seconds, say, stop) => {
        if (scraping === undefined || seconds === 0) return;
        telemetry.seed(shape);
        await scraping.awaitScrape(seconds, say, stop);
      },
      linger: async (limit, say, stop) => {
        await counting.settled();
        await written?.write();
        await scraping?.linger(limit, say, stop);
      },
      close: async () => {
        adopting?.stop();
        await written?.close();
        await bound?.close();
      },
    };
  } catch (error) {
    adopting?.stop();
    await bound?.close();
    throw error;
  }
}

/** The part that only a port has: probes, the SDK's own metrics, waiting for scrapers. */
async function serve(
  exporter: Exporter,
  about: {
    readonly telemetry: ReturnType<typeof makeTelemetry>;
    readonly folder: string;
    readonly port: number;
    readonly adopting: Store['adopting'];
    readonly process: () => Promise<string>;
    readonly queues: ReadonlySet<string>;
  },
) {
  const sdk = await makeSdkMetrics();
  const note = openScrapeNote(about.folder, about.port);
  const scrapers = makeScrapers();
  const openedMs = Date.now();
  const notReady: Probe = { ok: false, detail: 'starting or stopping' };
  let health: Health | undefined;
  let sdkRuns = false;
  /** The SDK answers while its runtime lives; a last scrape after that gets what it said last. */
  let lastPage = '';
  const readSdk = async (): Promise<string> => {
    if (!sdkRuns) return '';
    try {
      lastPage = sdkPage(await sdk.read(), about.queues);
    } catch {
      if (health !== undefined) about.telemetry.metricsError('sdk');
    }
    return lastPage;
  };
  exporter.attach({
    telemetry: about.telemetry,
    process: about.process,
    sdk: readSdk,
    health: {
      alive: () => health?.alive() ?? { ok: true, detail: 'ok' },
      ready: () => health?.ready() ?? notReady,
    },
    onScrape: (scrape) => scrapers.note(scrape),
  });
  return {
    runtimeMetrics: () => {
      sdkRuns = true;
      return sdk.telemetryOptions.metrics;
    },
    health: (next: Health | undefined) => {
      health = next;
    },
    readSdk,
    awaitScrape: async (seconds: number, say: Say, stop: AbortSignal): Promise<void> => {
      say(`metrics   waiting for a first scrape of ${exporter.url} (at most ${seconds} s)`);
      const scraped = await waitFor(exporter.scrapedSince(Date.now()), seconds * 1000, stop);
      say(scraped ? 'metrics   scraped; starting' : 'metrics   no Prometheus came; starting');
    },
    linger: (mode: 'auto' | number, say: Say, stop: AbortSignal): Promise<void> =>
      linger(mode, {
        ...{ url: exporter.url, note, scrapers, openedMs, say, stop },
        nextScrape: () => exporter.nextScrape(),
        isCovered: () => about.adopting.isTaken(),
      }),
  };
}

/** The pipeline without metrics: what happens is only written down. */
function silent(store: Store): Metrics {
  const metering: Metering = { counting: makeCounting({ store }) };
  return {
    store,
    interceptors: [makeActivityInterceptor(metering)],
    sinks: (onEvent) => makeEventSinks({ metering, ...(onEvent === undefined ? {} : { onEvent }) }),
    health: () => undefined,
    show: () => undefined,
    watchQueues: () => () => undefined,
    hookFailed: () => undefined,
    stopping: async () => undefined,
    awaitScrape: async () => undefined,
    linger: async () => undefined,
    close: async () => undefined,
  };
}
