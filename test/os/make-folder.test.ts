import { mkdtemp, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { makeFolder, makeFolderSync } from '../../src/os/make-folder.ts';

const WAYS = [
  ['makeFolder', makeFolder],
  ['makeFolderSync', async (path: string) => makeFolderSync(path)],
] as const;

test.each(WAYS)(
  '%s makes a folder and those above it, any number of times',
  async (_name, make) => {
    const root = await mkdtemp(join(tmpdir(), 'builder-folders-'));
    try {
      const path = join(root, 'a/b/c');
      await Promise.all([make(path), make(path), make(join(root, 'a/b'))]);
      expect((await stat(path)).isDirectory()).toBe(true);
      await writeFile(join(root, 'file'), '');
      await expect(make(join(root, 'file'))).rejects.toMatchObject({ code: 'EEXIST' });
      await expect(make(join(root, 'file/below'))).rejects.toMatchObject({ code: 'ENOTDIR' });
    } finally {
      await rm(root, { recursive: true });
    }
  },
);

test.each(WAYS)('%s says at once that nothing can be made below /proc', async (_name, make) => {
  await expect(make('/proc/builder/none')).rejects.toMatchObject({
    code: expect.stringMatching(/^(?:EACCES|EPERM|EROFS)$/),
  });
});

test('a folder that another one removes again and again is made all the same', async () => {
  const root = await mkdtemp(join(tmpdir(), 'builder-folders-'));
  const folder = join(root, 'busy');
  let isOver = false;
  const removing = (async () => {
    while (!isOver) await rmdir(folder).catch(() => undefined);
  })();
  try {
    for (let i = 0; i < 5_000; i += 1) await makeFolder(folder);
  } finally {
    isOver = true;
    await removing;
    await rm(root, { recursive: true });
  }
  expect(isOver).toBe(true);
});
