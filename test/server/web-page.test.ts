import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { createServer } from 'node:http';

import { describe, expect, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { chromium } from 'playwright-core';

import { until, withProject } from '../harness/cli.ts';

import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';

const FILES = {
  'jobs/j.yaml': 'job: mine\n',
  'profiles/p.yaml': `
profile: p
steps:
  long_step:
    uses: exec.command
    with: { shell: 'touch "$BEGUN"; while [ ! -e "$GO" ]; do sleep 0.05; done # marker_text', pass_env: [BEGUN, GO] }
`,
};

const binary = [process.env['BUILDER_CHROMIUM_BINARY'], '/usr/bin/chromium'].find(
  (path) => path !== undefined && existsSync(path),
);
const withBrowser = binary === undefined ? describe.skip : describe;

/** What a page tries with one port, as the origin that it is: it starts workflows, ends a run, and reads. */
async function tried(page: Page, origin: string, runId: string, id: string): Promise<string> {
  return page.evaluate(
    async ([base, run, workflow]) => {
      const body = JSON.stringify({
        workflowType: { name: 'runProfile' },
        taskQueue: { name: run },
        requestId: workflow,
      });
      const { document } = globalThis as unknown as { readonly document: { cookie: string } };
      const token = /_csrf=([^;]+)/.exec(document.cookie)?.[1] ?? '';
      const plain = { 'content-type': 'text/plain' };
      const json = { 'content-type': 'application/json', 'x-csrf-token': token };
      const at = `${base}/api/v1/namespaces/default/workflows`;
      const answers = [
        fetch(`${at}/${workflow}`, { method: 'POST', mode: 'no-cors', headers: plain, body }),
        fetch(`${at}/${workflow}`, { method: 'POST', headers: json, body }),
        fetch(`${at}/${run}/history`),
        new Promise<Response>((_, reject) => {
          const socket = new WebSocket(`${base!.replace('http', 'ws')}/`);
          socket.addEventListener('error', () => reject(new Error('refused')));
        }),
      ];
      const texts = answers.map((answer) => answer.then((one) => one.text()).catch(() => 'none'));
      return (await Promise.all(texts)).join('\n');
    },
    [origin, runId, id],
  );
}

withBrowser('from a page in a browser', () => {
  test('nothing is executed and no payload read, also by a name that leads to the loopback; the UI works', () =>
    withProject(FILES, async (project) => {
      const env = { BEGUN: project.path('begun'), GO: project.path('go') };
      const running = project.start(
        ['run-profile', '--job', 'jobs/j.yaml', '--profile', 'p', '--out', 'out'],
        env,
      );
      const [, address = ''] = await running.says(/at (127\.0\.0\.1:\d+), namespace/);
      const [, ui = '', runId = ''] = await running.says(/^ui +(http:.*?)\/namespaces.*\/(\S+)$/m);
      await until(() => existsSync(env.BEGUN), 'the step works');
      const site = createServer((_, response) => response.end('<h1>a page</h1>'));
      await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
      const browser = await chromium.launch({
        executablePath: binary!,
        args: ['--no-sandbox', '--disable-gpu', '--host-resolver-rules=MAP *.example 127.0.0.1'],
      });
      const connection = await Connection.connect({ address });
      try {
        const page = await browser.newPage();
        await page.goto(`http://page.example:${(site.address() as AddressInfo).port}/`);
        const across = await tried(page, ui, runId, 'across');
        expect(across.replaceAll('none', '').trim()).toBe('');
        const port = new URL(ui).port;
        await page.goto(`http://rebound.example:${port}/`);
        const within = await tried(page, `http://rebound.example:${port}`, runId, 'within');
        // The UI's own server answers to any name: what it tells is encrypted.
        const said = within.replaceAll(/"([A-Za-z0-9+/]{8,}={0,2})"/g, (_, data: string) =>
          Buffer.from(data, 'base64').toString('latin1'),
        );
        expect(said).toContain('EVENT_TYPE_WORKFLOW_EXECUTION_STARTED');
        expect(said).not.toContain('marker_text');

        await page.goto(`${ui}/namespaces/default/workflows/${runId}`);
        await page.getByText('long_step').first().waitFor();
        const { workflow } = new Client({ connection });
        await expect(workflow.getHandle('across').describe()).rejects.toThrow(/not found/i);
        await project.write({ go: '' });
        expect((await running.ended).code).toBe(0);
        expect(await readdir(project.path('.builder/runs'))).toEqual([runId]);
      } finally {
        await connection.close();
        await browser.close();
        site.close();
      }
    }));
});
