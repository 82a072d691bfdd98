import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { readDefinitionFile } from '../../../src/run/definitions/read-definition-file.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'builder-definition-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function read(content: Buffer | string) {
  const path = join(folder, 'f.yaml');
  await writeFile(path, content);
  return readDefinitionFile(path, 'f.yaml');
}

test('reads UTF-8 as it stands', async () => {
  expect(await read('job: Zürich � 😀\n')).toEqual({ path: 'f.yaml', text: 'job: Zürich � 😀\n' });
});

test.each([
  ['Latin-1', Buffer.from('job: j\nx: Zürich\n', 'latin1'), 2, 5, '0xFC'],
  ['UTF-16', Buffer.from('\ufeffjob: j\n', 'utf16le'), 1, 1, '0xFF'],
  [
    'half a letter',
    Buffer.concat([Buffer.from('ab'), Buffer.from('é').subarray(0, 1)]),
    1,
    3,
    '0xC3',
  ],
  ['half a letter before others', Buffer.from([0x61, 0xe2, 0x82, 0x62]), 1, 2, '0xE2'],
])(
  'refuses %s and names the first byte that is no letter',
  async (_name, bytes, line, column, byte) => {
    const { unreadable } = (await read(bytes)) ?? {};

    expect(unreadable).toMatchObject({ code: 'BAD_YAML', file: 'f.yaml', line, column });
    expect(unreadable?.message).toContain(byte);
  },
);

test('refuses a huge file at once', async () => {
  const before = performance.now();
  const { unreadable } = (await read('a: [1, 2, 3]\n'.repeat(800_000))) ?? {};

  expect(unreadable?.message).toContain('larger than 2.5 MB');
  expect(performance.now() - before).toBeLessThan(5000);
});

test('answers nothing for a file that is not there', async () => {
  expect(await readDefinitionFile(join(folder, 'no.yaml'), 'no.yaml')).toBeUndefined();
});
