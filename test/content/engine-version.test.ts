import { readFile } from 'node:fs/promises';

import { DuckDBInstance } from '@duckdb/node-api';
import { expect, test } from '@jest/globals';

import { ENGINE_VERSION } from '../../src/duckdb/session.ts';

type Lock = {
  readonly packages: Readonly<
    Record<string, { version?: string; optionalDependencies?: Record<string, string> }>
  >;
};

const read = (name: string): Promise<string> =>
  readFile(new URL(`../../${name}`, import.meta.url), 'utf8');

test('names in every fingerprint the engine that really runs', async () => {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll('select version() as version');
  connection.closeSync();
  instance.closeSync();
  const [row] = reader.getRowObjectsJson();
  expect(`v${ENGINE_VERSION.replace('duckdb ', '')}`).toBe(row?.['version']);
});

test('pins one release of the engine, and locks it for every platform', async () => {
  const text = await read('package-lock.json');
  const { packages } = JSON.parse(text) as Lock;
  const { dependencies } = JSON.parse(await read('package.json')) as {
    dependencies: Record<string, string>;
  };
  const pinned = dependencies['@duckdb/node-api'];
  const platforms = packages['node_modules/@duckdb/node-bindings']?.optionalDependencies ?? {};
  expect(pinned).toMatch(/^\d+\.\d+\.\d+-r\.\d+$/);
  expect(ENGINE_VERSION).toBe(`duckdb ${pinned?.replace(/-r\..*/, '')}`);
  expect(Object.keys(platforms)).toHaveLength(8);
  for (const name of Object.keys(platforms)) {
    expect(packages[`node_modules/${name}`]?.version).toBe(pinned);
  }
  expect(await read('docs/decisions.md')).toContain(`\`@duckdb/node-api\` ${pinned} |`);
  expect(text).not.toContain('"resolved"');
});
