/** Where links of rules and dashboards lead: each to a paragraph, a page or a variable that is there. */

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expect, test } from '@jest/globals';

import { ROOT } from '../harness/cli.ts';
import { readDashboards } from './dashboard.ts';
import { isAlert, readRules } from './rules/rule-files.ts';

const dashboards = readDashboards();
const runbook = readFileSync(join(ROOT, 'docs/alerts.md'), 'utf8');

/** Anchors as those who render Markdown make them of headings. */
const anchors = [...runbook.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
  heading!
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .replaceAll(' ', '-'),
);

const alerts = readRules().filter(isAlert);

/** Every url of the dashboards. */
const urls: string[] = [];
JSON.parse(JSON.stringify(dashboards), (key, value: unknown) => {
  if (key === 'url' && typeof value === 'string' && value !== '') urls.push(value);
  return value;
});

test.each(alerts.map(({ alert }) => alert))(
  '%s has a paragraph in the runbook of its name',
  (alert) => {
    // The table of firing alerts leads to the paragraph that is called as the alert.
    expect(alert).toMatch(/^Pipeline.+$/);
    expect(anchors).toContain(alert.toLowerCase());
  },
);

test.each(alerts.map((rule) => [rule.alert, rule] as const))(
  "%s: its links lead to the runbook's paragraph and to a dashboard that is there",
  (_alert, { annotations = {} }) => {
    const anchor = /alerts\.md#([\w-]+)$/.exec(annotations['runbook_url'] ?? '')?.[1];
    expect(anchors).toContain(anchor);
    const url = annotations['dashboard_url'] ?? '';
    expectVariablesOf(/\/d\/.*$/.exec(url)?.[0] ?? '');
  },
);

test('every paragraph of the runbook that a dashboard names is there', () => {
  const named = urls.flatMap((url) => /^\$\{runbook\}#([\w-]+)$/.exec(url)?.[1] ?? []);
  expect(named.length).toBeGreaterThan(0);
  for (const anchor of named) expect(anchors).toContain(anchor);
});

test('links between dashboards lead to one that is there, and choose what it has a variable for', () => {
  const inside = urls.filter((url) => url.startsWith('/d/'));
  expect(inside.length).toBeGreaterThan(2);
  for (const url of inside) {
    expectVariablesOf(url);
  }
});

test('a run, an alert and a job lead on', () => {
  expect(urls).toContain('${temporal_ui}/workflows/${__value.raw}');
  expect(urls).toContain('${runbook}#${__value.raw}');
  expect(urls).toContainEqual(expect.stringContaining('/d/pipeline-job?'));
  expect(urls).toContainEqual(expect.stringContaining('/d/pipeline-overview?'));
});

test('the lines of the guide that change the addresses of a copy change all of them', async () => {
  const readme = await readFile(join(ROOT, 'monitoring/README.md'), 'utf8');
  const lines = /```bash\n(cp -r grafana\/provisioning [^`]*?)echo /.exec(readme)?.[1] ?? '';
  const folder = await mkdtemp(join(tmpdir(), 'links-'));
  try {
    await cp(join(ROOT, 'monitoring/grafana'), join(folder, 'grafana'), { recursive: true });
    await promisify(execFile)('sh', ['-ec', lines], { cwd: folder });
    const mine = join(folder, 'grafana/mine/dashboards');
    const files = (await readdir(mine)).filter((name) => name.endsWith('.json'));
    expect(files).toHaveLength(dashboards.length);
    for (const file of files) {
      const text = await readFile(join(mine, file), 'utf8');
      expect(dashboards.map(({ uid }) => uid)).toContain((JSON.parse(text) as { uid: string }).uid);
      expect(text).not.toContain('localhost');
      expect(text).toContain('"https://temporal.example.com/namespaces/default"');
      expect(text).toContain('"https://prometheus.example.com/consoles/alerts.md"');
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

/** A path of a dashboard that is there, and that has the variables which the path sets. */
function expectVariablesOf(path: string): void {
  const uid = /^\/d\/([\w-]+)/.exec(path)?.[1];
  expect(dashboards.map((dashboard) => dashboard.uid)).toContain(uid);
  const there = dashboards.find((dashboard) => dashboard.uid === uid);
  const variables = there?.templating.list.map(({ name }) => name);
  for (const [, name] of path.matchAll(/var-(\w+)=/g)) expect(variables).toContain(name);
}
