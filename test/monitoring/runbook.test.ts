/** The runbook as the stack's Prometheus serves it: a link to a paragraph opens at that paragraph. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { chromium } from 'playwright-core';

import { ROOT, freePort, until } from '../harness/cli.ts';
import { chromiumPath } from './chromium.ts';
import { isAlert, readRules } from './rules/rule-files.ts';
import { prometheusTools } from './servers.ts';

import type { ChildProcess } from 'node:child_process';
import type { Browser } from 'playwright-core';

const executablePath = chromiumPath();
const reading = executablePath === undefined ? describe.skip : describe;

reading('where there is a Chromium', () => {
  let folder = '';
  let server: ChildProcess;
  let browser: Browser;
  let runbook = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'runbook-'));
    const consoles = join(folder, 'consoles');
    await mkdir(consoles);
    // As docker-compose.yml mounts them.
    await copyFile(join(ROOT, 'monitoring/prometheus/runbook.html'), join(consoles, 'alerts.md'));
    await copyFile(join(ROOT, 'docs/alerts.md'), join(consoles, 'alerts.txt'));
    await writeFile(join(folder, 'prometheus.yml'), 'scrape_configs: []\n');
    const { prometheus } = await prometheusTools();
    const port = await freePort();
    server = spawn(
      prometheus,
      [
        '--config.file=prometheus.yml',
        `--web.listen-address=127.0.0.1:${port}`,
        '--web.console.templates=consoles',
      ],
      { cwd: folder, stdio: 'ignore' },
    );
    const url = `http://127.0.0.1:${port}`;
    runbook = `${url}/consoles/alerts.md`;
    const isReady = async () => (await fetch(`${url}/-/ready`).catch(() => undefined))?.ok;
    await until(isReady, 'Prometheus is ready', 60_000);
    browser = await chromium.launch({
      executablePath: executablePath!,
      args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
    });
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    server?.kill('SIGKILL');
    if (server?.exitCode === null && server.signalCode === null) await once(server, 'exit');
    await rm(folder, { recursive: true, force: true });
  });

  test('every alert has its paragraph at the top of the window, in letters of any case', async () => {
    const page = await browser.newPage();
    for (const { alert } of readRules().filter(isAlert)) {
      // As the rules write it, and as Grafana's table of alerts does.
      for (const anchor of [alert.toLowerCase(), alert]) {
        await page.goto('about:blank');
        await page.goto(`${runbook}#${anchor}`);
        const heading = page.getByRole('heading', { name: alert, exact: true });
        await until(
          async () => {
            const top = (await heading.boundingBox())?.y ?? Number.NaN;
            return Math.abs(top) < 40;
          },
          `${alert} is at the top`,
          20_000,
        );
      }
    }
    await page.close();
  });

  test('commands and tables are shown as such', async () => {
    const page = await browser.newPage();
    await page.goto(runbook);
    await page.waitForSelector('pre');
    expect(await page.locator('pre', { hasText: 'builder_cli logs' }).count()).toBeGreaterThan(0);
    expect(await page.locator('table').count()).toBeGreaterThan(0);
    expect(await page.textContent('main')).not.toMatch(/```|\]\(/);
    await page.close();
  });
});
