import { readFile } from 'node:fs/promises';

import { expect, test } from '@jest/globals';

const read = (path: string): Promise<string> =>
  readFile(new URL(`../../${path}`, import.meta.url), 'utf8');

test('every proof that docs/reliability.md names is a test of that name', async () => {
  const proofs = [...(await read('docs/reliability.md')).matchAll(/\| `(test\/\S+)`: (.+) \|$/gm)];
  expect(proofs.length).toBeGreaterThan(10);
  for (const [, file = '', title = ''] of proofs) {
    const titles = [...(await read(file)).matchAll(/'([^'\n]{20,})'/g)].map((match) => match[1]);
    expect([file, titles]).toEqual([file, expect.arrayContaining([title])]);
  }
});
