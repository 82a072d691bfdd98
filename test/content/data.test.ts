import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';

import { expect, test } from '@jest/globals';

const folder = new URL('../../examples/data/', import.meta.url);
const MAX_BYTES = 3_000_000;

async function dataFiles(): Promise<readonly string[]> {
  return (await readdir(folder)).filter((name) => name !== 'README.md').toSorted();
}

test('every example file is listed beside it with the hash it has', async () => {
  const readme = await readFile(new URL('README.md', folder), 'utf8');
  const listed = [...readme.matchAll(/^([0-9a-f]{64}) {2}(\S+)$/gm)].map(([, sha256, name]) => [
    name,
    sha256,
  ]);
  const found = await Promise.all(
    (await dataFiles()).map(async (name) => [
      name,
      createHash('sha256')
        .update(await readFile(new URL(name, folder)))
        .digest('hex'),
    ]),
  );
  expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(found));
});

test('the example data stays small enough for a repository', async () => {
  const sizes = await Promise.all(
    (await dataFiles()).map(async (name) => (await stat(new URL(name, folder))).size),
  );
  expect(sizes.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(MAX_BYTES);
});
