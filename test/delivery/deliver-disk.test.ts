import { describe, expect, test } from '@jest/globals';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { deliverInto } from '../../src/delivery/deliver.ts';
import { withStore } from '../store/fixtures.ts';
import { whyNoSmallDisk, withSmallDisk } from '../store/small-disk.ts';
import { deliveryOf, textsIn } from './fixtures.ts';

const onSmallDisk = whyNoSmallDisk() === undefined ? describe : describe.skip;

onSmallDisk('on a disk of 1 MB', () => {
  test('a delivery that does not fit says so, and the earlier one stays', () =>
    withSmallDisk((disk) =>
      withStore(async (store, folder) => {
        const out = join(disk, 'out');
        const old = await deliveryOf(store, { folder, out }, { a: 'old' });
        await deliverInto({ input: old, store });
        const before = await textsIn(out, { withRunJson: true });
        const texts = { a: 'new', big: 'x'.repeat(2 ** 20) };
        const input = await deliveryOf(store, { folder, out, runId: 'run-2' }, texts);
        await expect(deliverInto({ input, store })).rejects.toThrow(
          `${out} cannot be written: the disk is full; an earlier delivery there is untouched`,
        );
        expect(await textsIn(out, { withRunJson: true })).toEqual(before);
        expect(await readdir(disk)).toEqual(['out']);
      }),
    ));

  test('a delivery to a read-only disk says so, and the earlier one stays', () =>
    withSmallDisk((disk, setReadOnly) =>
      withStore(async (store, folder) => {
        const out = join(disk, 'out');
        const old = await deliveryOf(store, { folder, out }, { a: 'old' });
        await deliverInto({ input: old, store });
        setReadOnly(true);
        const input = await deliveryOf(store, { folder, out, runId: 'run-2' }, { a: 'new' });
        await expect(deliverInto({ input, store })).rejects.toThrow('its filesystem is read-only');
        expect(await textsIn(out)).toMatchObject({ a: 'old' });
      }),
    ));

  test('an --out that is a mount point is refused with the way out, and works one folder below', () =>
    withSmallDisk((disk) =>
      withStore(async (store, folder) => {
        const input = await deliveryOf(store, { folder, out: disk }, { a: '1' });
        await expect(deliverInto({ input, store })).rejects.toThrow(
          'it is a mount point or in use; give a folder inside it',
        );
        expect(await readdir(disk)).toEqual([]);
        expect(await readdir(join(disk, '..'))).toEqual(['disk']);
        await mkdir(join(disk, 'inside'));
        const inside = await deliveryOf(store, { folder, out: join(disk, 'inside') }, { a: '1' });
        await deliverInto({ input: inside, store });
        expect(await textsIn(join(disk, 'inside'))).toMatchObject({ a: '1' });
      }),
    ));
});
