import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { ROOT } from '../harness/cli.ts';

const page = await readFile(join(ROOT, 'docs/architecture.md'), 'utf8');

test('every file and folder on the page of the architecture is there', async () => {
  const places = [...new Set([...page.matchAll(/`(src\/[\w./-]+)`/g)].map(([, path]) => path!))];
  expect(places.length).toBeGreaterThan(30);
  const gone: string[] = [];
  for (const path of places) {
    await stat(join(ROOT, path)).catch(() => gone.push(path));
  }
  expect(gone).toEqual([]);
});

test('every name that stands with its file is exported there', async () => {
  const named = [...page.matchAll(/((?:`\w+`(?: and )?)+) \(`(src\/[\w./-]+\.ts)`/g)];
  expect(named.length).toBeGreaterThan(12);
  for (const [, names = '', path = ''] of named) {
    const source = await readFile(join(ROOT, path), 'utf8');
    for (const [, name] of names.matchAll(/`(\w+)`/g)) {
      expect(source).toMatch(
        new RegExp(`^export (?:async )?(?:function|const|type) ${name}\\b`, 'm'),
      );
    }
  }
});

test('every layer stands on the page', async () => {
  const picture = page.split('```')[1] ?? '';
  const entries = await readdir(join(ROOT, 'src'));
  const missing = entries.filter(
    (name) => !new RegExp(`\\b${name.replace('.', '\\.')}`).test(picture),
  );
  expect(missing).toEqual([]);
});

test('each question is answered in at most four files', () => {
  const [, table = ''] = page.split('## Where to read');
  const rows = (table.split('##')[0] ?? '').split('\n').filter((line) => line.includes('`src/'));
  expect(rows.length).toBeGreaterThan(4);
  for (const row of rows) expect([...row.matchAll(/`src\//g)].length).toBeLessThanOrEqual(4);
});
