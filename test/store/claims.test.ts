import { expect, test } from '@jest/globals';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { claimOf, storeIn, withStore } from './fixtures.ts';
import { deadProcess, withLivingProcess } from './other-process.ts';

const sealedIn = (folder: string): string => join(folder, 'store', 'claims', 'run-1.jsonl');

test('only one of many who claim the same fact is told that it is theirs', () =>
  withStore(async (store, folder) => {
    const stores = [store, await storeIn(folder), await storeIn(folder)];
    const told = await Promise.all(
      Array.from({ length: 60 }, (_, i) =>
        stores[i % 3]!.claim('run-1', `key-${i % 2}`, claimOf()),
      ),
    );
    expect(told.filter(Boolean)).toHaveLength(2);
    expect((await store.claimsOn('9099')).claims).toHaveLength(2);
  }));

test('answers the claims of a port in the order of their time, open runs and sealed ones alike', () =>
  withStore(async (store) => {
    await store.claim('run-2', 'c', claimOf({ atMs: 30, runId: 'run-2' }));
    await store.claim('run-1', 'b', claimOf({ atMs: 20 }));
    await store.claim('run-1', 'a', claimOf({ atMs: 10 }));
    await store.claim('run-1', 'x', claimOf({ atMs: 15, exporter: '1' }));
    await store.sealClaims('run-1');
    expect((await store.claimsOn('9099')).claims.map((claim) => claim.atMs)).toEqual([10, 20, 30]);
    expect((await store.claimsOn('4711')).claims).toEqual([]);
  }));

test('a sealed claim stays claimed, for this process and for others', () =>
  withStore(async (store, folder) => {
    const other = await storeIn(folder);
    expect(await other.claim('run-1', 'before', claimOf())).toBe(true);
    expect(await store.claim('run-1', 'a', claimOf())).toBe(true);
    await store.sealClaims('run-1');
    for (const claimer of [store, other, await storeIn(folder)]) {
      expect(await claimer.claim('run-1', 'a', claimOf())).toBe(false);
      expect(await claimer.claim('run-1', 'before', claimOf())).toBe(false);
    }
    expect((await store.claimsOn('9099')).claims).toHaveLength(2);
  }));

test('a claim after the seal counts, and the next seal adds it', () =>
  withStore(async (store, folder) => {
    await store.claim('run-1', 'a', claimOf({ atMs: 1 }));
    await store.sealClaims('run-1');
    expect(await store.claim('run-1', 'b', claimOf({ atMs: 2 }))).toBe(true);
    expect((await store.claimsOn('9099')).claims).toHaveLength(2);
    await store.sealClaims('run-1');
    expect((await readFile(sealedIn(folder), 'utf8')).trim().split('\n')).toHaveLength(2);
    expect(await readdir(join(folder, 'store', 'claims'))).toEqual(['run-1.jsonl']);
  }));

test('claims made while others seal are each counted exactly once', () =>
  withStore(async (store, folder) => {
    const other = await storeIn(folder);
    const claims = Array.from({ length: 300 }, (_, i) =>
      (i % 2 === 0 ? store : other).claim('run-1', `key-${i % 100}`, claimOf({ atMs: i % 100 })),
    );
    const seals = Array.from({ length: 10 }, (_, i) => (i % 2 ? store : other).sealClaims('run-1'));
    const told = await Promise.all(claims);
    await Promise.all(seals);
    expect(told.filter(Boolean)).toHaveLength(100);
    await store.sealClaims('run-1');
    expect((await store.claimsOn('9099')).claims.map((claim) => claim.atMs)).toEqual(
      Array.from({ length: 100 }, (_, i) => i),
    );
  }));

test('keys and run ids may be any text', () =>
  withStore(async (store) => {
    const keys = [
      'outcome/clean',
      '..',
      '.',
      '',
      'a*b',
      'ü',
      'x'.repeat(400),
      `${'x'.repeat(400)}y`,
    ];
    for (const key of keys) {
      expect(await store.claim('../run 1', key, claimOf())).toBe(true);
      expect(await store.claim('../run 1', key, claimOf())).toBe(false);
    }
    await store.sealClaims('../run 1');
    for (const key of keys) expect(await store.claim('../run 1', key, claimOf())).toBe(false);
    expect((await store.claimsOn('9099')).claims).toHaveLength(keys.length);
  }));

test('a claim that a power loss emptied is left out, and can be made again after a seal', () =>
  withStore(async (store, folder) => {
    await store.claim('run-1', 'a', claimOf());
    await writeFile(join(folder, 'store', 'claims', 'run-1', 'a'), '');
    expect((await store.claimsOn('9099')).claims).toEqual([]);
    await store.sealClaims('run-1');
    expect(await store.claim('run-1', 'a', claimOf())).toBe(true);
  }));

test('leaves a seal to the living process that is at it, and takes over from a dead one', () =>
  withStore(async (store, folder) => {
    const lock = join(folder, 'store', 'locks', 'run-1.sealing.1');
    await mkdir(dirname(lock));
    await store.claim('run-1', 'a', claimOf());
    await withLivingProcess(async (owner) => {
      await writeFile(lock, JSON.stringify({ owner }));
      await store.sealClaims('run-1');
      await expect(readFile(sealedIn(folder))).rejects.toThrow('ENOENT');
    });
    await writeFile(lock, JSON.stringify({ owner: deadProcess() }));
    await store.sealClaims('run-1');
    expect(await readdir(join(folder, 'store', 'claims'))).toEqual(['run-1.jsonl']);
  }));
