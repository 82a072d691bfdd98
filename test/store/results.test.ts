import { expect, test } from '@jest/globals';
import { chmod, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { openStoreToRead } from '../../src/store/local.ts';
import { FINGERPRINT, fileIn, resultOf, storeIn, withFolder, withStore } from './fixtures.ts';

import type { ArtifactRef } from '../../src/model/step-result.ts';
import type { Store } from '../../src/store/store.ts';

async function damage(store: Store, ref: ArtifactRef): Promise<void> {
  await chmod(await store.materialize(ref), 0o644);
  await writeFile(await store.materialize(ref), 'x'.repeat(ref.bytes));
}

test('answers what was stored, also to another process', () =>
  withStore(async (store, folder) => {
    expect(await store.findResult(FINGERPRINT)).toBeUndefined();
    const ref = await store.put(await fileIn(folder, 'a', 'one'), { format: 'file' });
    await store.putResult(FINGERPRINT, resultOf({ table: ref }));
    expect(await (await storeIn(folder)).findResult(FINGERPRINT)).toEqual(resultOf({ table: ref }));
    expect(await readdir(join(folder, 'store', 'tmp'))).toEqual([]);
  }));

test('of many who write at once, all are told the same result', () =>
  withStore(async (store, folder) => {
    const stores = [store, await storeIn(folder), await storeIn(folder)];
    const told = await Promise.all(
      Array.from({ length: 30 }, (_, i) =>
        stores[i % 3]!.putResult(FINGERPRINT, resultOf({}, { runId: `run-${i}` })),
      ),
    );
    expect(new Set(told.map((stored) => stored.runId)).size).toBe(1);
  }));

test.each([
  ['is missing', async (store: Store, ref: ArtifactRef) => rm(await store.materialize(ref))],
  [
    'is cut short',
    async (store: Store, ref: ArtifactRef) => truncate(await store.materialize(ref), 1),
  ],
])('a result whose artifact %s is dropped, and a new one takes its place', (_, harm) =>
  withStore(async (store, folder) => {
    const ref = await store.put(await fileIn(folder, 'a', 'one'), { format: 'file' });
    await store.putResult(FINGERPRINT, resultOf({ table: ref }));
    await harm(store, ref);
    expect(await store.findResult(FINGERPRINT)).toBeUndefined();
    const again = await store.put(await fileIn(folder, 'a', 'one'), { format: 'file' });
    const anew = resultOf({ table: again }, { runId: 'run-2' });
    expect(await store.putResult(FINGERPRINT, anew)).toEqual(anew);
  }),
);

test('a late attempt does not adopt a result whose artifact is gone', () =>
  withStore(async (store, folder) => {
    const ref = await store.put(await fileIn(folder, 'a', 'one'), { format: 'file' });
    await store.putResult(FINGERPRINT, resultOf({ table: ref }));
    await rm(await store.materialize(ref));
    const other = await store.put(await fileIn(folder, 'b', 'two'), { format: 'file' });
    const late = resultOf({ table: other }, { runId: 'late' });
    expect(await store.putResult(FINGERPRINT, late)).toEqual(late);
  }));

test('trusts sizes within a boot, and hashes again after the next one', () =>
  withStore(async (store, folder) => {
    const ref = await store.put(await fileIn(folder, 'a', 'one'), { format: 'file' });
    await store.putResult(FINGERPRINT, resultOf({ table: ref }));
    await damage(store, ref);
    expect(await store.findResult(FINGERPRINT)).toBeDefined();
    const afterReboot = await storeIn(folder, 'boot-2');
    expect(await afterReboot.findResult(FINGERPRINT)).toBeUndefined();
  }));

test('finds damage inside a folder after a reboot, and heals it by running again', () =>
  withStore(async (store, folder) => {
    await fileIn(folder, 'tree/part', 'one');
    const ref = await store.put(join(folder, 'tree'), { format: 'tree' });
    await store.putResult(FINGERPRINT, resultOf({ table: ref }));
    const part = await store.put(await fileIn(folder, 'part', 'one'), { format: 'file' });
    await damage(store, part);

    const afterReboot = await storeIn(folder, 'boot-2');
    expect(await afterReboot.findResult(FINGERPRINT)).toBeUndefined();
    await fileIn(folder, 'tree/part', 'one');
    const again = await afterReboot.put(join(folder, 'tree'), { format: 'tree' });
    await afterReboot.putResult(FINGERPRINT, resultOf({ table: again }, { bootId: 'boot-2' }));
    expect(await afterReboot.verify(again, { deep: true })).toBe(true);
    expect(await afterReboot.findResult(FINGERPRINT)).toBeDefined();
  }));

test('hashes again once a boot, remembers it across processes, and forgets it at the next boot', () =>
  withStore(async (store, folder) => {
    const ref = await store.put(await fileIn(folder, 'a', 'one'), { format: 'file' });
    await store.putResult(FINGERPRINT, resultOf({ table: ref }));
    await (await storeIn(folder, 'boot-2')).findResult(FINGERPRINT);
    await damage(store, ref);
    expect(await (await storeIn(folder, 'boot-2')).findResult(FINGERPRINT)).toBeDefined();
    expect(await (await storeIn(folder, 'boot-3')).findResult(FINGERPRINT)).toBeUndefined();
    expect(await readdir(join(folder, 'store', 'verified'))).toEqual([]);
  }));

test('100 steps without artifacts pay for no disk: they store their results within a second', () =>
  withStore(async (store) => {
    const startedAtMs = performance.now();
    for (let i = 0; i < 100; i += 1) {
      const fingerprint = String(i).padStart(64, '0');
      await store.findResult(fingerprint);
      await store.putResult(fingerprint, resultOf({}, {}, fingerprint));
    }
    // Measured: 50 ms.
    expect(performance.now() - startedAtMs).toBeLessThan(1000);
  }));

test('results that cannot be read are a mistake of the place, in clear words', () =>
  withFolder(async (folder) => {
    await fileIn(folder, 'store/journal', 'not a folder');
    await expect(storeIn(folder)).rejects.toMatchObject({ code: 'STATE_DIR_UNUSABLE' });
    await expect(
      openStoreToRead(join(folder, 'store')).findResult(FINGERPRINT),
    ).rejects.toMatchObject({
      code: 'STATE_DIR_UNUSABLE',
      message: expect.stringContaining('cannot read'),
    });
  }));
