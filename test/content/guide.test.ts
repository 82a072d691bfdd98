import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { expect, test } from '@jest/globals';

import { KINDS } from '../../src/kinds/index.ts';
import { loadDefinition } from '../../src/run/definitions/load-definition.ts';
import { readDocument, shownFiles, sketchedFiles } from './documents.ts';
import { runDefinition, withFolder } from './run-definition.ts';

import type { Finished } from './run-definition.ts';

const ALLOWED_MS = 60_000;

/** Puts the files a document shows into a folder. */
async function layOut(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

async function exported(run: Finished, step: string, output: string): Promise<string> {
  return readFile(await run.store.materialize(run.results[step]!.outputs[output]!), 'utf8');
}

function statuses(run: Finished): Readonly<Record<string, string>> {
  return Object.fromEntries(run.outcomes.map(({ step, status }) => [step, status]));
}

test(
  'the guide: the check refuses the order of an unknown customer, and only what follows is skipped',
  async () => {
    const files = shownFiles(await readDocument('docs/guide.md'));
    await withFolder(async (folder) => {
      await layOut(folder, files);
      const run = await runDefinition({
        job: join(folder, 'jobs/sales.yaml'),
        profile: 'sales',
        state: join(folder, 'state'),
      });
      expect(statuses(run)).toEqual({
        collect_orders: 'OK',
        collect_customers: 'OK',
        collect_products: 'OK',
        orders: 'OK',
        check_orders: 'FAIL',
        sales: 'SKIPPED',
        by_country: 'SKIPPED',
        export_sales: 'SKIPPED',
        export_by_country: 'SKIPPED',
      });
      const check = run.outcomes.find(({ step }) => step === 'check_orders')!;
      expect(check.reason).toContain('known_customer');
      expect(check.reason).toMatch(/rejected\.jsonl/);
    });
  },
  ALLOWED_MS,
);

test(
  'the guide: with the order corrected, the rest is reused and the sums are those it prints',
  async () => {
    const files = shownFiles(await readDocument('docs/guide.md'));
    await withFolder(async (folder) => {
      const about = {
        job: join(folder, 'jobs/sales.yaml'),
        profile: 'sales',
        state: join(folder, 'state'),
      };
      await layOut(folder, files);
      await runDefinition(about);
      await layOut(folder, { 'data/orders.csv': files['data/orders.csv']!.replace('C9', 'C2') });
      const run = await runDefinition(about);
      expect(statuses(run)).toMatchObject({
        collect_orders: 'OK',
        collect_customers: 'CACHED',
        collect_products: 'CACHED',
        check_orders: 'OK',
        export_by_country: 'OK',
      });
      expect(await exported(run, 'export_by_country', 'csv')).toBe(
        files['expected/sales_by_country.csv'],
      );
    });
  },
  ALLOWED_MS,
);

test(
  'the guide: the program of your own finds the pairs, and is not run again for nothing',
  async () => {
    const files = shownFiles(await readDocument('docs/guide.md'));
    await withFolder(async (folder) => {
      const about = {
        job: join(folder, 'jobs/sales.yaml'),
        profile: 'sales_pairs',
        state: join(folder, 'state'),
      };
      await layOut(folder, {
        ...files,
        'data/orders.csv': files['data/orders.csv']!.replace('C9', 'C2'),
      });
      const run = await runDefinition(about);
      expect(await exported(run, 'export_pairs', 'csv')).toBe(
        'product_a,product_b,customers\nInk,Notebook,1\n',
      );
      expect(run.results['pairs']!.values).toEqual({ pairs: 1 });
      expect(statuses(await runDefinition(about))['pairs']).toBe('CACHED');
    });
  },
  ALLOWED_MS,
);

test('the guide: the profile with a secret is valid, and the plan holds only its name', async () => {
  const files = shownFiles(await readDocument('docs/guide.md'));
  await withFolder(async (folder) => {
    await layOut(folder, files);
    const { plan } = await load(folder, 'sales_publish');
    expect(plan.steps.find(({ id }) => id === 'publish')).toMatchObject({
      needs: ['export_sales'],
      options: { env: { TOKEN: { $secret: 'HEAD_OFFICE_TOKEN' } } },
    });
  });
});

test('the readme: the pipeline it shows is valid', async () => {
  const files = sketchedFiles(await readDocument('README.md'));
  expect(Object.keys(files)).toEqual(['jobs/sales.yaml', 'profiles/sales.yaml']);
  await withFolder(async (folder) => {
    await layOut(folder, { ...files, 'data/orders.csv': 'order_id,ordered_on\n1,2026-01-05\n' });
    const { plan } = await load(folder, 'sales');
    expect(plan.steps.map(({ id, needs }) => [id, ...needs.toSorted()])).toEqual([
      ['collect_orders'],
      ['orders', 'collect_orders'],
      ['check_orders', 'orders'],
      ['export_orders', 'check_orders', 'orders'],
    ]);
  });
});

function load(folder: string, profile: string): ReturnType<typeof loadDefinition> {
  return loadDefinition({
    jobPath: join(folder, 'jobs/sales.yaml'),
    profile,
    params: [],
    start: { date: '2026-01-31' },
    cwd: folder,
    kinds: KINDS,
  });
}
