import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';

import { ROOT } from '../harness/cli.ts';

const HISTORIES = join(ROOT, 'test/fixtures/histories');
const codePath = join(ROOT, 'dist/workflow-bundle.js');

const replay = async (text: string, workflowId = 'any'): Promise<void> => {
  await Worker.runReplayHistory(
    { workflowBundle: { codePath } },
    historyFromJSON(JSON.parse(text)),
    workflowId,
  );
};

test.each([
  'completed.json',
  'failed.json',
  'scheduled.json',
  'backfill-continued.json',
  'backfill.json',
  'items-child.json',
  'nested.json',
])('replays the recorded history %s', async (name) => {
  await replay(await readFile(join(HISTORIES, name), 'utf8'));
});

test('replays a recorded history with children, whose ids begin with its own', async () => {
  await replay(await readFile(join(HISTORIES, 'items.json'), 'utf8'), 'demo-items');
});

test('notices a history that this workflow would not have made', async () => {
  const text = await readFile(join(HISTORIES, 'completed.json'), 'utf8');
  const other = text.replaceAll('"activityId": "b"', '"activityId": "z"');
  expect(other).not.toBe(text);
  await expect(replay(other)).rejects.toThrow(/[Nn]ondeterminism/);
});

test('the bundle holds the workflow and the model, and nothing heavier', async () => {
  const code = await readFile(codePath, 'utf8');
  const modules = [...code.matchAll(/!\*\*\* (\.\/\S+) \*\*\*!/g)].map((match) => match[1] ?? '');
  const own = modules.filter((path) => !path.startsWith('./node_modules/'));
  const folders = new Set(own.map((path) => path.split('/')[2]));
  expect(folders).toEqual(new Set(['model', 'workflows']));
  const packages = modules.flatMap(
    (path) => /^\.\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? [],
  );
  for (const heavy of ['zod', 'yaml', 'prom-client', '@temporalio/worker', '@temporalio/client']) {
    expect(packages).not.toContain(heavy);
  }
  expect(packages).toContain('@temporalio/workflow');
  expect(Buffer.byteLength(code)).toBeLessThan(2_500_000);
});
