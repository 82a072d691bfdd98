import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request as secureRequest } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, test } from '@jest/globals';
import bcrypt from 'bcryptjs';

import { bindExporter } from '../../src/metrics/prometheus-exporter.ts';
import { readWebConfig } from '../../src/metrics/web-config.ts';
import { newTelemetry } from './facts.ts';

import type { Exporter } from '../../src/metrics/prometheus-exporter.ts';
import type { WebConfig } from '../../src/metrics/web-config.ts';

const SCRAPER = { 'X-Prometheus-Scrape-Timeout-Seconds': '10' };

async function withExporter(
  work: (
    exporter: Exporter,
    get: (path: string, headers?: Record<string, string>) => Promise<Response>,
  ) => unknown,
  web?: WebConfig,
): Promise<void> {
  const place = { port: 0, address: '127.0.0.1' };
  const exporter = await bindExporter(web === undefined ? place : { ...place, web });
  const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`http://127.0.0.1:${exporter.port}${path}`, { headers });
  try {
    await work(exporter, get);
  } finally {
    await exporter.close();
  }
}

test('serves the text format, compressed for who takes it, and nothing else', () =>
  withExporter(async (exporter, get) => {
    const telemetry = newTelemetry();
    exporter.attach({ telemetry });
    const answer = await get('/metrics', { 'accept-encoding': 'identity' });
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const plain = await answer.text();
    expect(plain).toContain('# TYPE pipeline_step_status_total counter');
    const packed = await get('/metrics', { 'accept-encoding': 'gzip' });
    expect(packed.headers.get('content-encoding')).toBe('gzip');
    expect(await packed.text()).toBe(plain);
    expect((await get('/')).status).toBe(404);
  }));

test('a scrape counts as one if a scraper asked, and only for what was there when it began', () =>
  withExporter(async (exporter, get) => {
    exporter.attach({ telemetry: newTelemetry() });
    await (await get('/metrics')).text();
    expect(exporter.wasScraped).toBe(false);
    await (await get('/metrics', SCRAPER)).text();
    expect(exporter.wasScraped).toBe(true);
    const last = exporter.lastScrapeAtMs ?? 0;
    expect(await exporter.scrapedSince(last - 1)).toBe(true);
    let later: boolean | undefined;
    const waiting = exporter.scrapedSince(last + 60_000).then((scraped) => (later = scraped));
    await (await get('/metrics', SCRAPER)).text();
    expect(later).toBeUndefined();
    await exporter.close();
    await waiting;
    expect(later).toBe(false);
  }));

test('is not ready before it has something to serve, and tells what the probes say afterwards', () =>
  withExporter(async (exporter, get) => {
    expect([(await get('/healthz')).status, (await get('/readyz')).status]).toEqual([200, 503]);
    exporter.attach({
      telemetry: newTelemetry(),
      health: {
        alive: () => ({ ok: false, detail: 'the worker is broken' }),
        ready: async () => ({ ok: true, detail: 'ready' }),
      },
    });
    const health = await get('/healthz');
    expect([health.status, await health.text()]).toEqual([503, 'the worker is broken\n']);
    expect((await get('/readyz')).status).toBe(200);
  }));

test('the SDK that does not answer costs its own metrics and is counted', () =>
  withExporter(async (exporter, get) => {
    const sdk = async (): Promise<string> => {
      throw new Error('gone');
    };
    exporter.attach({ telemetry: newTelemetry(), sdk });
    const text = await (await get('/metrics')).text();
    expect(text).toContain('pipeline_metrics_errors_total{reason="sdk"} 1');
  }));

test('a port that is taken is refused in words', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  const { port } = other.address() as { port: number };
  await expect(bindExporter({ port, address: '127.0.0.1' })).rejects.toMatchObject({
    code: 'PORT_IN_USE',
    message: `port ${port} on 127.0.0.1 is taken by another program`,
  });
  other.close();
});

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'builder-web-config-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const basic = (text: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(text).toString('base64')}`,
});

test('with users, nobody reads metrics without a password, and probes stay open', () =>
  withFolder(async (folder) => {
    const file = join(folder, 'web.yml');
    await writeFile(file, `basic_auth_users:\n  prom: ${await bcrypt.hash('s3cret:x', 4)}\n`);
    await withExporter(
      async (exporter, get) => {
        exporter.attach({ telemetry: newTelemetry() });
        const status = async (headers?: Record<string, string>) =>
          (await get('/metrics', headers)).status;
        expect(await status()).toBe(401);
        expect(await status(basic('prom:wrong'))).toBe(401);
        expect(await status(basic('else:s3cret:x'))).toBe(401);
        expect(await status(basic('constructor:x'))).toBe(401);
        expect(await status(basic('prom:s3cret:x'))).toBe(200);
        expect(await status(basic('prom:s3cret:x'))).toBe(200);
        expect(await status(basic('prom:s3cret'))).toBe(401);
        expect((await get('/healthz')).status).toBe(200);
      },
      await readWebConfig(file),
    );
  }));

const TLS = fileURLToPath(new URL('../fixtures/tls/', import.meta.url));

test('with a certificate it is served over TLS', () =>
  withFolder(async (folder) => {
    const file = join(folder, 'web.yml');
    const pair = { cert_file: join(TLS, 'cert.pem'), key_file: join(TLS, 'key.pem') };
    await writeFile(file, JSON.stringify({ tls_server_config: pair }));
    await withExporter(
      async (exporter) => {
        exporter.attach({ telemetry: newTelemetry() });
        expect(exporter.url).toBe(`https://127.0.0.1:${exporter.port}/metrics`);
        const ca = await readFile(join(TLS, 'cert.pem'));
        const where = { host: '127.0.0.1', port: exporter.port, path: '/metrics' };
        const status = await new Promise((resolve, reject) => {
          secureRequest({ ...where, ca, servername: 'localhost' }, (answer) => {
            answer.resume();
            resolve(answer.statusCode);
          })
            .once('error', reject)
            .end();
        });
        expect(status).toBe(200);
      },
      await readWebConfig(file),
    );
  }));

test.each([
  ['an unknown key', 'basic_auth: {}\n', /Unrecognized key/],
  ['a password that is not hashed', 'basic_auth_users: { prom: secret }\n', /not a bcrypt hash/],
  ['a missing certificate', 'tls_server_config: { cert_file: a, key_file: b }\n', /ENOENT/],
])('refuses a web configuration with %s', (_what, text, reason) =>
  withFolder(async (folder) => {
    const file = join(folder, 'web.yml');
    await writeFile(file, text);
    await expect(readWebConfig(file)).rejects.toMatchObject({
      code: 'BAD_USAGE',
      message: expect.stringMatching(reason),
    });
  }),
);
