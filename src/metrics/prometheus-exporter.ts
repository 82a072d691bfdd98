/**
 * The HTTP endpoint that Prometheus scrapes. Bound before anything else starts, so that a taken port is said at once.
 *
 * 1. `/metrics` has one format and one content type.
 * 2. "Scraped" means: a scraper's request that began after a moment was answered in full.
 * 3. With a web configuration nothing but the probes is told to a stranger.
 */

import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

import { UserError } from '../model/errors.ts';

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Scrape } from './scrapers.ts';
import type { Telemetry } from './telemetry.ts';
import type { WebConfig } from './web-config.ts';

const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
/** Sent by every Prometheus, and by nothing else. */
const SCRAPER_HEADER = 'x-prometheus-scrape-timeout-seconds';
/** A scrape that arrives before there is anything to show waits this long. */
const ATTACH_WAIT_MS = 3_000;
const COMPRESS_FROM_BYTES = 1_024;
/** Longer than a Prometheus keeps a connection that it does not use. */
const KEEP_CONNECTION_MS = 10 * 60_000;

export type Probe = { readonly ok: boolean; readonly detail: string };

export type Source = {
  readonly telemetry: Pick<Telemetry, 'text' | 'metricsError'>;
  /** Metrics of the process in the text format. */
  readonly process?: () => Promise<string>;
  /** Those of the SDK. */
  readonly sdk?: () => Promise<string>;
  /** `alive`: /healthz, restart me if not. `ready`: /readyz, work arrives if so. Both are fine when absent. */
  readonly health?: {
    alive?(): Probe | Promise<Probe>;
    ready?(): Probe | Promise<Probe>;
  };
  /** A scraper was answered in time. */
  readonly onScrape?: (scrape: Scrape) => void;
};

export type Exporter = {
  /** Where it listens, such as `http://0.0.0.0:9099/metrics`. */
  readonly url: string;
  readonly port: number;
  /** Gives it something to serve. Until then a scrape waits a moment and is then answered 503. */
  attach(source: Source): void;
  /** Unix milliseconds at which the last answered scrape began. */
  readonly lastScrapeAtMs: number | undefined;
  /** True if a scraper was ever answered. */
  readonly wasScraped: boolean;
  /** True once a scrape that began after `ms` (Unix) was answered; false if the exporter closes before. */
  scrapedSince(ms: number): Promise<boolean>;
  /** Settles at the next answered scrape, whenever it began, or when the exporter closes. */
  nextScrape(): Promise<unknown>;
  close(): Promise<void>;
};

/** Takes the port. 0 is any free one; callers that mean "off" do not call. @throws UserError PORT_IN_USE, BAD_USAGE */
export async function bindExporter({
  port,
  address = '0.0.0.0',
  web = {},
}: {
  readonly port: number;
  readonly address?: string;
  readonly web?: WebConfig;
}): Promise<Exporter> {
  let source: Source | undefined;
  let attached: (() => void) | undefined;
  const ready = new Promise<void>((resolve) => (attached = resolve));
  let lastScrapeAtMs: number | undefined;
  const waiting = new Set<{ readonly afterMs: number; resolve(scraped: boolean): void }>();

  const served = (atMs: number): void => {
    lastScrapeAtMs = Math.max(atMs, lastScrapeAtMs ?? 0);
    for (const waiter of waiting) {
      if (atMs <= waiter.afterMs) continue;
      waiting.delete(waiter);
      waiter.resolve(true);
    }
  };

  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    void handle(request, response).catch(() => {
      source?.telemetry.metricsError('scrape');
      if (response.headersSent) response.destroy();
      else reply(response, 500, 'the metrics could not be rendered\n');
    });
  };
  const server = web.tls === undefined ? createServer(answer) : createSecureServer(web.tls, answer);

  // A scraper keeps its connection for the next scrape: so two of one machine are told apart.
  server.keepAliveTimeout = KEEP_CONNECTION_MS;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').split('?')[0];
    if (path !== '/metrics' && path !== '/healthz' && path !== '/readyz') {
      return reply(response, 404, 'here are /metrics, /healthz and /readyz\n');
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return reply(response, 405, 'only GET and HEAD\n', { allow: 'GET, HEAD' });
    }
    if (path === '/healthz') return probe(response, await source?.health?.alive?.());
    if (path === '/readyz') {
      const starting = { ok: false, detail: 'starting' };
      return probe(response, source === undefined ? starting : await source.health?.ready?.());
    }
    const { authorization } = request.headers;
    const verdict = (await web.mayRead?.(authorization, request.socket.remoteAddress)) ?? 'right';
    if (verdict === 'busy') {
      return reply(response, 503, 'too many passwords are being tried; try again\n', {
        'retry-after': '10',
      });
    }
    if (verdict === 'wrong') {
      return reply(response, 401, 'a user and a password are needed\n', {
        'www-authenticate': 'Basic realm="builder_cli"',
      });
    }
    if (source === undefined) await Promise.race([ready, delay(ATTACH_WAIT_MS)]);
    if (source === undefined) return reply(response, 503, 'starting\n');
    const atMs = Date.now();
    const byScraper = request.headers[SCRAPER_HEADER] !== undefined;
    // A scraper that had to wait longer than it says has dropped the answer.
    const limitS = Number(request.headers[SCRAPER_HEADER] ?? 0) || Number.POSITIVE_INFINITY;
    const { onScrape } = source;
    response.once('finish', () => {
      const inTime = Date.now() - atMs <= limitS * 1000;
      if (!byScraper || !inTime || request.method !== 'GET') return;
      const { socket: connection } = request;
      onScrape?.({ atMs, address: connection.remoteAddress ?? '', connection });
      served(atMs);
    });
    await sendMetrics(request, response, await render(source));
  }

  await listen(server, port, address);
  const bound = (server.address() as AddressInfo).port;
  return {
    url: `${web.tls === undefined ? 'http' : 'https'}://${address.includes(':') ? `[${address}]` : address}:${bound}/metrics`,
    port: bound,
    attach(given) {
      source = given;
      attached?.();
    },
    get lastScrapeAtMs() {
      return lastScrapeAtMs;
    },
    get wasScraped() {
      return lastScrapeAtMs !== undefined;
    },
    scrapedSince(ms) {
      if (lastScrapeAtMs !== undefined && lastScrapeAtMs > ms) return Promise.resolve(true);
      if (!server.listening) return Promise.resolve(false);
      return new Promise((resolve) => waiting.add({ afterMs: ms, resolve }));
    },
    nextScrape: () => new Promise((resolve) => waiting.add({ afterMs: -Infinity, resolve })),
    async close() {
      for (const waiter of waiting) waiter.resolve(false);
      waiting.clear();
      attached?.();
      if (!server.listening) return;
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

async function render({ telemetry, process = nothing, sdk = nothing }: Source): Promise<string> {
  const sdkText = await sdk().catch(() => {
    telemetry.metricsError('sdk');
    return '';
  });
  return [await telemetry.text(), await process(), sdkText]
    .filter((text) => text !== '')
    .join('\n');
}

async function nothing(): Promise<string> {
  return '';
}

async function sendMetrics(
  request: IncomingMessage,
  response: ServerResponse,
  text: string,
): Promise<void> {
  const accepts = /\bgzip\b/.test(request.headers['accept-encoding']?.toString() ?? '');
  const plain = Buffer.from(text);
  if (!accepts || plain.length < COMPRESS_FROM_BYTES) {
    return reply(response, 200, plain, { 'content-type': CONTENT_TYPE });
  }
  const body = await promisify(gzip)(plain, { level: 1 });
  reply(response, 200, body, { 'content-type': CONTENT_TYPE, 'content-encoding': 'gzip' });
}

function probe(response: ServerResponse, state: Probe = { ok: true, detail: 'ok' }): void {
  reply(response, state.ok ? 200 : 503, `${state.detail}\n`);
}

/** Node leaves the body out of an answer to HEAD by itself. */
function reply(
  response: ServerResponse,
  status: number,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
}

function listen(server: Server, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explain(error, port, address)));
    server.listen(port, address, () => {
      server.removeAllListeners('error');
      server.on('error', () => undefined);
      resolve();
    });
  });
}

function explain(error: NodeJS.ErrnoException, port: number, address: string): Error {
  switch (error.code) {
    case 'EADDRINUSE':
      return new UserError(
        'PORT_IN_USE',
        `port ${port} on ${address} is taken by another program`,
        {
          hint: 'Give another --prometheus-port, or end the program that listens there (often another run).',
          cause: error,
        },
      );
    case 'EACCES':
      return new UserError('BAD_USAGE', `this user may not listen on port ${port}`, {
        hint: 'Give a --prometheus-port above 1023.',
        cause: error,
      });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new UserError('BAD_USAGE', `${address} is not an address of this machine`, {
        hint: 'Give an --prometheus-address this machine has; 0.0.0.0 is all of them.',
        cause: error,
      });
    default:
      return error;
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
