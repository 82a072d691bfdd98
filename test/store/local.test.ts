import { describe, expect, test } from '@jest/globals';
import { readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { openLocalStore } from '../../src/store/local.ts';
import { ownOwner, placeOf } from '../../src/os/owner.ts';
import {
  FINGERPRINT,
  factOf,
  fileIn,
  resultOf,
  storeIn,
  withFolder,
  withStore,
} from './fixtures.ts';
import { deadProcess } from './other-process.ts';
import { whyNoSmallDisk, withSmallDisk } from './small-disk.ts';

const onSmallDisk = whyNoSmallDisk() === undefined ? describe : describe.skip;
const MEGABYTE = 'x'.repeat(1024 * 1024);

test('opening removes what dead processes left half-written, and nothing else', () =>
  withStore(async (_, folder) => {
    const tmp = join(folder, 'store', 'tmp');
    const here = placeOf(ownOwner());
    const dead = `${deadProcess().pid}-${here}-1-00000000`;
    const mine = `${process.pid}-${here}-1-00000000`;
    const elsewhere = `${deadProcess().pid}-ffffffff-1-00000000`;
    const longAgo = `${deadProcess().pid}-eeeeeeee-1-00000000`;
    await fileIn(tmp, `${dead}/folder/file`, '');
    for (const name of [mine, elsewhere, longAgo, 'notes.txt']) await fileIn(tmp, name, '');
    await utimes(join(tmp, longAgo), 0, 0);
    await storeIn(folder);
    expect((await readdir(tmp)).toSorted()).toEqual([mine, elsewhere, 'notes.txt'].toSorted());
  }));

test('a folder that cannot be a store is a mistake of the user, in clear words', () =>
  withFolder(async (folder) => {
    await writeFile(join(folder, 'file'), '');
    await expect(openLocalStore(join(folder, 'file', 'store'))).rejects.toMatchObject({
      code: 'STATE_DIR_UNUSABLE',
      exitCode: 2,
    });
  }));

onSmallDisk('on a disk of 1 MB', () => {
  test('a full disk is said in clear words, and what was stored before is intact', () =>
    withSmallDisk((disk) =>
      withFolder(async (folder) => {
        const store = await openLocalStore(disk);
        const ref = await store.put(await fileIn(folder, 'a', 'one'), { format: 'file' });
        await store.putResult(FINGERPRINT, resultOf({ table: ref }));

        const big = await fileIn(folder, 'big', MEGABYTE);
        await expect(store.put(big, { format: 'file' })).rejects.toMatchObject({
          code: 'OUT_OF_SPACE',
          message: expect.stringContaining('the disk is full'),
        });
        await expect(readFile(big, 'utf8')).resolves.toHaveLength(MEGABYTE.length);
        expect(await readdir(join(disk, 'tmp'))).toEqual([]);

        await writeFile(join(disk, 'filler'), MEGABYTE).catch(() => undefined);
        const other = 'e'.repeat(64);
        // Longer than what is left of the last block: its first bytes are written, the rest is refused.
        const long = resultOf({}, { ingredients: 'x'.repeat(20_000) }, other);
        await expect(store.putResult(other, long)).rejects.toMatchObject({
          code: 'OUT_OF_SPACE',
        });
        await expect(store.append([factOf()])).rejects.toMatchObject({
          code: 'OUT_OF_SPACE',
        });
        expect(await store.findResult(other)).toBeUndefined();
        expect(await store.findResult(FINGERPRINT)).toBeDefined();
        expect(await store.verify(ref, { deep: true })).toBe(true);

        await rm(join(disk, 'filler'));
        expect(await store.putResult(other, long)).toEqual(long);
        expect(await (await openLocalStore(disk)).findResult(other)).toEqual(long);
      }),
    ));

  test('a read-only disk is said in clear words, and what is stored can still be read', () =>
    withSmallDisk((disk, setReadOnly) =>
      withFolder(async (folder) => {
        const store = await openLocalStore(disk, { bootId: 'boot-1' });
        const ref = await store.put(await fileIn(folder, 'a', 'one'), { format: 'file' });
        await store.putResult(FINGERPRINT, resultOf({ table: ref }));
        store.close();
        setReadOnly(true);
        const more = await fileIn(folder, 'b', 'two');
        await expect(store.put(more, { format: 'file' })).rejects.toMatchObject({
          code: 'STATE_DIR_UNUSABLE',
          message: expect.stringContaining('read-only filesystem'),
        });
        const afterReboot = await openLocalStore(disk, { bootId: 'boot-2' });
        expect(await afterReboot.findResult(FINGERPRINT)).toBeDefined();
      }),
    ));
});
