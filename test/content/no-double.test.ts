import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { expect, test } from '@jest/globals';

import { readDocument, ROOT, shownFiles } from './documents.ts';
import { runDefinition, withFolder } from './run-definition.ts';

import type { Finished } from './run-definition.ts';

const ALLOWED_MS = 120_000;

/** `step.output.column` of every column of a run that is binary floating point, whatever it is nested in. */
async function binaryColumns({ results, store }: Finished): Promise<readonly string[]> {
  const found: string[] = [];
  for (const [step, { fingerprint }] of Object.entries(results)) {
    const columns = (await store.noted(fingerprint))?.columns ?? {};
    for (const [output, list] of Object.entries(columns)) {
      for (const { name, type } of list) {
        if (/\b(?:DOUBLE|FLOAT|REAL)\b/i.test(type)) found.push(`${step}.${output}.${name}`);
      }
    }
  }
  return found;
}

test(
  'no output of the shipped profiles is binary floating point, but for the coordinates that are declared so',
  async () => {
    await withFolder(async (state) => {
      const job = join(ROOT, 'jobs/standard.yaml');
      const run = await runDefinition({ job, profile: 'deep', state });
      expect(run.outcomes.every(({ status }) => status === 'OK')).toBe(true);
      const declared = run.plan.steps.find(({ id }) => id === 'collect_airports')?.options;
      expect(declared).toMatchObject({ types: { latitude: 'DOUBLE', longitude: 'DOUBLE' } });
      const binary = await binaryColumns(run);
      expect(binary).toContain('collect_airports.table.latitude');
      expect(binary.filter((name) => !/\.(?:latitude|longitude)$/.test(name))).toEqual([]);
    });
  },
  ALLOWED_MS,
);

test(
  'no output of the guide is binary floating point',
  async () => {
    const files = shownFiles(await readDocument('docs/guide.md'));
    const orders = files['data/orders.csv']!.replace('C9', 'C2');
    await withFolder(async (folder) => {
      for (const [path, text] of Object.entries({ ...files, 'data/orders.csv': orders })) {
        await mkdir(dirname(join(folder, path)), { recursive: true });
        await writeFile(join(folder, path), text);
      }
      for (const profile of ['sales', 'sales_pairs']) {
        const job = join(folder, 'jobs/sales.yaml');
        const run = await runDefinition({ job, profile, state: join(folder, 'state') });
        expect(run.outcomes.filter(({ status }) => status !== 'OK' && status !== 'CACHED')).toEqual(
          [],
        );
        expect(await binaryColumns(run)).toEqual([]);
      }
    });
  },
  ALLOWED_MS,
);
