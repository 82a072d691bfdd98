import { readFile } from 'node:fs/promises';

import { expect, test } from '@jest/globals';

import { withAttempt } from '../kinds/harness.ts';
import { collectListing } from './example-kind.ts';

test('lists each file with its size', async () => {
  await withAttempt({ files: { 'a.txt': 'abc' } }, async ({ path, run }) => {
    const { outputs, values } = await run(collectListing, { files: [path('a.txt')] });
    const text = await readFile(outputs?.['table']?.path ?? '', 'utf8');
    expect(text).toMatch(/^name,bytes,sha256\na\.txt,3,[0-9a-f]{64}\n$/);
    expect(values).toEqual({ bytes: 3 });
  });
});
