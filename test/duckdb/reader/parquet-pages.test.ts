/** The files are of apache/parquet-testing (Apache-2.0, see the licence beside them). */

import { readFile } from 'node:fs/promises';

import { expect, test } from '@jest/globals';

import { collectFiles } from '../../../src/kinds/collect-files.ts';
import { withAttempt } from '../../kinds/harness.ts';

const bytesOf = (name: string): Promise<Buffer> =>
  readFile(new URL(`../../fixtures/parquet-testing/${name}.parquet`, import.meta.url));

async function collect(bytes: Buffer): Promise<number> {
  let found = 0;
  await withAttempt({ files: { 'a.parquet': bytes } }, async ({ path, run }) => {
    found = Number((await run(collectFiles, { from: path('a.parquet') })).values?.['rows']);
  });
  return found;
}

const refused = {
  code: 'BAD_INPUT_DATA',
  message: expect.stringMatching(/a\.parquet: a page of column '.*' does not fit its checksum$/),
};

test.each(['plain-dict-uncompressed-checksum', 'rle-dict-snappy-checksum'])(
  'a file whose pages fit their checksums is read: %s',
  async (name) => {
    expect(await collect(await bytesOf(name))).toBe(1000);
  },
);

test('a file with a page that does not fit its checksum is refused', async () => {
  const bytes = await bytesOf('rle-dict-uncompressed-corrupt-checksum');
  await expect(collect(bytes)).rejects.toMatchObject(refused);
});

test('a bit that changed in a page is seen, whatever DuckDB makes of it', async () => {
  const bytes = await bytesOf('plain-dict-uncompressed-checksum');
  // A value of the dictionary, behind the magic number and the header of the first page.
  bytes[4 + 19]! ^= 1;
  await expect(collect(bytes)).rejects.toMatchObject(refused);
});
