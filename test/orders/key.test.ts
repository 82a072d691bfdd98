import { chmod, lstat, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { chownSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { findOrderKey, openOrderKey } from '../../src/orders/key.ts';

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'builder-key-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test('the first who asks makes it, for this user alone; everybody after that gets the same', () =>
  withFolder(async (folder) => {
    expect(findOrderKey(folder)).toBeUndefined();
    const key = openOrderKey(folder);
    expect(key).toHaveLength(32);
    expect(openOrderKey(folder)).toEqual(key);
    expect(findOrderKey(folder)).toEqual(key);
    expect((await lstat(join(folder, 'keys'))).mode & 0o777).toBe(0o700);
    expect((await lstat(join(folder, 'keys/orders'))).mode & 0o777).toBe(0o600);
    expect(await readdir(join(folder, 'keys'))).toEqual(['orders']);
    const other = join(folder, 'other');
    expect(openOrderKey(other)).not.toEqual(key);
  }));

test.each<[string, (keys: string) => Promise<unknown>, RegExp]>([
  [
    'others can read the file',
    (keys) => chmod(join(keys, 'orders'), 0o644),
    /orders, can be read or written by other users/,
  ],
  [
    'others can write the folder',
    (keys) => chmod(keys, 0o770),
    /keys, can be read or written by other users/,
  ],
  ['the file is cut off', (keys) => writeFile(join(keys, 'orders'), 'x'), /orders, is damaged/],
  [
    'the file is a link',
    async (keys) => {
      await rm(join(keys, 'orders'));
      await writeFile(join(keys, 'x'), Buffer.alloc(32), { mode: 0o600 });
      await symlink('x', join(keys, 'orders'));
    },
    /cannot be read or made \(ELOOP\)/,
  ],
  [
    'the file is a folder',
    async (keys) => {
      await rm(join(keys, 'orders'));
      await mkdir(join(keys, 'orders'), { mode: 0o700 });
    },
    /orders, is damaged/,
  ],
])('is refused when %s', (_what, change, message) =>
  withFolder(async (folder) => {
    openOrderKey(folder);
    await change(join(folder, 'keys'));
    expect(() => openOrderKey(folder)).toThrow(message);
    expect(findOrderKey(folder)).toBeUndefined();
  }),
);

const asRoot = process.getuid?.() === 0 ? describe : describe.skip;

asRoot('where files can be given away', () => {
  test('is refused when it belongs to another user', () =>
    withFolder(async (folder) => {
      openOrderKey(folder);
      chownSync(join(folder, 'keys/orders'), 4242, 4242);
      expect(() => openOrderKey(folder)).toThrow(/belongs to another user \(4242\)/);
    }));
});
