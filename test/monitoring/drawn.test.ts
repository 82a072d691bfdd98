/**
 * The dashboards drawn, with one job and with forty, by Grafana's own components in a browser. Where no Chromium is to be
 * had this is skipped, and Jest says so; it never passes without pictures.
 */

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { CATALOGUE } from '../../src/metrics/catalogue.ts';
import { history } from '../../tools/dashboards/draw/history.ts';
import { chromiumPath } from './chromium.ts';
import { DRAW_LIMIT_MS, runInPackage } from './dashboards-package.ts';
import { catalogueNameOf, labelsOfMetric } from './known-metrics.ts';
import { prometheusTools } from './servers.ts';

const PICTURES = [
  'pipeline_job_1.png',
  'pipeline_job_40.png',
  'pipeline_overview_1.png',
  'pipeline_overview_40.png',
];

const drawing = chromiumPath() === undefined ? describe.skip : describe;

drawing('where there is a Chromium', () => {
  test(
    'it draws every panel of both dashboards without a complaint',
    async () => {
      const { prometheus, promtool } = await prometheusTools();
      process.env['BUILDER_PROMETHEUS_BINARY'] ??= prometheus;
      process.env['BUILDER_PROMTOOL_BINARY'] ??= promtool;
      const folder = await mkdtemp(join(tmpdir(), 'drawn-'));
      try {
        const said = await runInPackage('draw', [folder]);
        expect((await readdir(folder)).sort()).toEqual(PICTURES);
        for (const name of PICTURES) {
          expect(said).toContain(`drawn: ${name}`);
          const bytes = await readFile(join(folder, name));
          expect(bytes.subarray(1, 4).toString()).toBe('PNG');
          // An empty page of that size is a tenth of it.
          expect(bytes.length).toBeGreaterThan(30_000);
        }
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
    DRAW_LIMIT_MS,
  );
});

describe('what is drawn', () => {
  const drawn = new Map(
    history(40, 1_768_470_600).map(({ series }) => {
      const [name = '', inside = ''] = series.split(/[{}]/);
      return [name, [...inside.matchAll(/(\w+)="/g)].map(([, label]) => label!)];
    }),
  );

  // Of the SDK's histograms only the buckets are read.
  const read = [...drawn].filter(([name]) => !/^temporal_\w+_(sum|count)$/.test(name));

  test.each(read)('%s has the labels that its exporter gives it', (name, labels) => {
    const known = labelsOfMetric(name);
    const ofTarget = known.includes('job') ? ['instance'] : ['instance', 'job'];
    const wanted = [...new Set([...known, ...(name.startsWith('ALERTS') ? [] : ofTarget)])];
    // What an alert is about differs, and only the firing ones say that they do.
    if (name.startsWith('ALERTS')) expect(labels).toContain('alertname');
    else expect([...labels].sort()).toEqual(wanted.sort());
  });

  test('every gauge of a run or step is in it', () => {
    const shown = new Set([...drawn.keys()].map(catalogueNameOf));
    const missing = CATALOGUE.filter(
      ({ name, type, labels }) =>
        type === 'gauge' &&
        (labels as readonly string[]).includes('profile') &&
        // Alerts alone are joined with it, to name the run.
        name !== 'pipeline_run_failed_info' &&
        !shown.has(name),
    );
    expect(missing).toEqual([]);
  });
});
