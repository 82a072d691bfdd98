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

test.each([
  ['whose lists begin before the first row', 'ARROW-GH-45185', "'x' says it has 10 values, but 9"],
  ['with a negative number of values in a page', 'ARROW-RS-GH-6229-DICTHEADER', ''],
  ['with a changed type', 'PARQUET-1481', ''],
  ['with nulls where none may be', 'ARROW-GH-47662', ''],
])('a damaged file without checksums is refused: one %s', async (_what, name, message) => {
  await expect(collect(await bytesOf(name))).rejects.toMatchObject({
    code: 'BAD_INPUT_DATA',
    message: expect.stringContaining(message),
  });
});

// Nothing in these two contradicts what is read: the reason stands in docs/exact.md.
test.each([
  ['ARROW-GH-43605', 21186],
  ['ARROW-RS-GH-6229-LEVELS', 1],
])('a damaged file that is sound in itself is read: %s', async (name, rows) => {
  expect(await collect(await bytesOf(name))).toBe(rows);
});

test('lists, lists of lists, empty and missing ones, and maps have the values that their file says', async () => {
  const query = `select * from (values
    ([1, 2], [[1], [], null, [2, null]], map {'a': 1, 'b': 2}, [{'a': 1, 'b': 'x'}]),
    ([], [], map {}, []),
    (null, null, null, null),
    ([null], [null], map {'c': null}, [null, {'a': 2, 'b': null}])
  ) t(l, ll, m, s), range(3000) r(i)`;
  await withAttempt({ tables: { t: query } }, async ({ roots, run }) => {
    const { values } = await run(collectFiles, { from: `${roots[0]}/t.parquet` });
    expect(values?.['rows']).toBe(12000);
  });
});
