/**
 * Draws both dashboards, with one job and with forty, into PNG files: `npm run draw -- [folder]`. The data is a day of
 * history.ts, in a real Prometheus that is started here; the drawing is Grafana's, in Chromium.
 *
 * Where Prometheus or Chromium cannot be had it says so in a sentence and ends with code 2; it never passes without a
 * picture.
 */

import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { build } from 'esbuild';
import { chromium } from 'playwright-core';

import { findChromium } from './chromium.ts';
import { startWith } from './prometheus.ts';
import { smallPng } from './small-png.ts';

import type { Browser } from 'playwright-core';
import type { Drawing } from './model.ts';

const END_S = Date.UTC(2026, 0, 15, 11, 50) / 1000;
const DAY_S = 86_400;
/** Nobody's: every request to it is answered here. */
const ORIGIN = 'http://drawing.invalid';
const WIDTH_PX = 1500;
/** Pixels of a picture for one of the window: readable, and small. */
const SCALE = 0.75;
const DASHBOARDS = join(process.cwd(), '../../monitoring/grafana/provisioning/dashboards');
const PICTURES = [
  { file: 'pipeline_overview.json', jobs: 1, values: { job: '.+', profile: '.+' } },
  { file: 'pipeline_overview.json', jobs: 40, values: { job: '.+', profile: '.+' } },
  { file: 'pipeline_job.json', jobs: 1, values: JOB('sales') },
  { file: 'pipeline_job.json', jobs: 40, values: JOB('churn') },
] as const;

function JOB(job: string) {
  return { job, profile: '.+', step: '.+', window: '6h' };
}

const folder = resolve(process.argv[2] ?? '../../docs/dashboards');
const scratch = await mkdtemp(join(tmpdir(), 'dashboards-'));
try {
  const executablePath = await findChromium();
  await mkdir(folder, { recursive: true });
  const site = await bundled();
  const browser = await chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
    ],
  });
  try {
    for (const jobs of [1, 40]) {
      const prometheus = await startWith({
        jobs,
        endS: END_S,
        folder: join(scratch, String(jobs)),
      });
      try {
        for (const picture of PICTURES) {
          if (picture.jobs !== jobs) continue;
          const name = `${picture.file.replace('.json', '')}_${jobs}.png`;
          const dashboard = JSON.parse(await readFile(join(DASHBOARDS, picture.file), 'utf8'));
          await draw(
            browser,
            { site, prometheus: prometheus.url, file: join(folder, name) },
            {
              prometheus: ORIGIN,
              scrapeMs: prometheus.scrapeMs,
              fromMs: (END_S - DAY_S) * 1000,
              toMs: END_S * 1000,
              values: { datasource: 'prometheus', ...picture.values },
              dashboard,
            },
          );
          console.log(`drawn: ${name}`);
        }
      } finally {
        await prometheus.close();
      }
    }
  } finally {
    await browser.close();
  }
} catch (error) {
  console.error(`not drawn: ${(error as Error).message}`);
  process.exitCode = 2;
} finally {
  await rm(scratch, { recursive: true, force: true });
}

async function draw(
  browser: Browser,
  { site, prometheus, file }: { site: string; prometheus: string; file: string },
  drawing: Drawing,
): Promise<void> {
  const page = await browser.newPage({
    viewport: { width: WIDTH_PX, height: 1000 },
    deviceScaleFactor: SCALE,
    timezoneId: 'UTC',
  });
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  try {
    // What says "3 hours ago" counts from the end of the data.
    await page.clock.setFixedTime(END_S * 1000);
    await page.route(`${ORIGIN}/**`, async (route) => {
      const url = route.request().url();
      const answered = url.startsWith(`${ORIGIN}/api/`)
        ? route
            .fetch({ url: url.replace(ORIGIN, prometheus) })
            .then((response) => route.fulfill({ response }))
        : route.fulfill(fileOf(url, site));
      await answered.catch((error: Error) => {
        errors.push(error.message);
        return route.abort();
      });
    });
    await page.goto(`${ORIGIN}/page.html`);
    // What is outside of the window is not drawn.
    const rows = Math.max(...drawing.dashboard.panels.map(({ gridPos: { y, h } }) => y + h));
    await page.setViewportSize({ width: WIDTH_PX, height: 38 * rows + 100 });
    const complaints = await page.evaluate((given) => window.draw(given), drawing);
    if (complaints.length + errors.length > 0) {
      throw new Error(`${drawing.dashboard.title}: ${[...complaints, ...errors].join('; ')}`);
    }
    await writeFile(file, smallPng(await page.screenshot({ fullPage: true })));
  } finally {
    await page.close();
  }
}

/** The file that the page asks for: its own, or an icon or font that Grafana's server would serve. */
function fileOf(url: string, site: string) {
  const { pathname } = new URL(url);
  const weight = { Regular: 400, Italic: 400, Medium: 500 }[
    /\/Inter-(\w+)\.woff2$/.exec(pathname)?.[1] ?? ''
  ];
  const icon = /\/img\/(icons\/.+\.svg)$/.exec(pathname)?.[1];
  const packages = join(process.cwd(), 'node_modules');
  if (weight !== undefined) {
    return { path: join(packages, `@fontsource/inter/files/inter-latin-${weight}-normal.woff2`) };
  }
  if (pathname.includes('/fonts/roboto/')) {
    return {
      path: join(packages, '@fontsource/roboto-mono/files/roboto-mono-latin-400-normal.woff2'),
    };
  }
  if (icon !== undefined) return { path: join(packages, '@grafana/ui/dist/public/img', icon) };
  return { path: join(site, pathname) };
}

/** The page and what it loads, as a folder. */
async function bundled(): Promise<string> {
  const timeSeries = join(
    process.cwd(),
    'node_modules/@grafana/ui/dist/esm/graveyard/TimeSeries/TimeSeries.mjs',
  );
  await build({
    entryPoints: [join(process.cwd(), 'draw/page.tsx')],
    outfile: join(scratch, 'page.js'),
    bundle: true,
    format: 'iife',
    jsx: 'automatic',
    minify: true,
    define: { 'process.env.NODE_ENV': '"production"', 'process.env': '{}', global: 'window' },
    alias: { 'grafana-time-series': timeSeries },
    loader: { '.svg': 'empty', '.ttf': 'empty', '.woff2': 'empty' },
    logLevel: 'error',
  });
  await writeFile(
    join(scratch, 'page.html'),
    '<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="page.css"><body><script src="page.js"></script>',
  );
  return scratch;
}
